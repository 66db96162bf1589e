import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { fibonacci } from './fibonacci.ts';

describe('the Fibonacci number F(N)', () => {
  test.each([
    [0, '0'],
    [1, '1'],
    [2, '1'],
    [10, '55'],
    [101, '573147844013817084101'],
  ])('F(%i) is %s', (n, decimal) => {
    expect(fibonacci(n).toString()).toBe(decimal);
  });

  test('F(n + 1) = F(n) + F(n - 1)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (n) => {
        expect(fibonacci(n + 1)).toBe(fibonacci(n) + fibonacci(n - 1));
      }),
    );
  });

  test('is what adding up finds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000 }), (n) => {
        expect(fibonacci(n)).toBe(byAddition(n));
      }),
    );
  });

  test('F(1,000,000) is exact to the last of its 208,988 digits', () => {
    const decimal = fibonacci(1_000_000).toString();
    expect(decimal).toHaveLength(208_988);
    // Cassini: F(n - 1) F(n + 1) - F(n)^2 = (-1)^n.
    expect(fibonacci(999_999) * fibonacci(1_000_001) - BigInt(decimal) ** 2n).toBe(1n);
  });

  test('stops when it is aborted', () => {
    const reason = new Error('enough');
    expect(() => fibonacci(10, { signal: AbortSignal.abort(reason) })).toThrow(reason);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 31])('%p is refused', (n) => {
    expect(() => fibonacci(n)).toThrow(RangeError);
  });
});

function byAddition(n: number): bigint {
  let [current, next] = [0n, 1n];
  for (let i = 0; i < n; i++) [current, next] = [next, current + next];
  return current;
}
