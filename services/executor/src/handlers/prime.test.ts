import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { nthPrime, nthPrimeUpperBound } from './prime.ts';

describe('the N-th prime', () => {
  test.each([
    [1, 2],
    [2, 3],
    [3, 5],
    [5, 11],
    [6, 13],
    [10, 29],
    [100, 541],
    [1_000, 7_919],
    [10_000, 104_729],
    [1_000_000, 15_485_863],
    [5_000_000, 86_028_121],
  ])('prime %i is %i', (n, prime) => {
    expect(nthPrime(n)).toBe(prime);
  });

  test('each of the first 2,000 is what trial division finds', () => {
    const expected = primesByTrialDivision(2_000);
    expect(expected.map((_, index) => nthPrime(index + 1))).toEqual(expected);
  });

  test('from one to the next there is no other prime, at any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (n) => {
        const [prime, next] = [nthPrime(n), nthPrime(n + 1)];
        const numbers = Array.from({ length: next - prime + 1 }, (_, i) => prime + i);
        expect(numbers.filter(isPrime)).toEqual([prime, next]);
      }),
      { numRuns: 10 },
    );
  });

  test('is never above its bound', () => {
    for (const [index, prime] of primesByTrialDivision(2_000).entries())
      expect(nthPrimeUpperBound(index + 1)).toBeGreaterThanOrEqual(prime);
    expect(nthPrimeUpperBound(5_000_000)).toBeGreaterThanOrEqual(86_028_121);
  });

  test('a search tells how far it has come, rising and below 1', () => {
    const fractions: number[] = [];
    nthPrime(200_000, { onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions.length).toBeGreaterThan(10);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.every((fraction) => fraction > 0 && fraction < 1)).toBe(true);
  });

  test('a search stops when it is aborted', () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const search = () => nthPrime(5_000_000, { signal: controller.signal, onProgress: () => controller.abort(reason) });
    expect(search).toThrow(reason);
  });

  test.each([0, -1, 1.5, Number.NaN, 100_000_001])('%p is refused', (n) => {
    expect(() => nthPrime(n)).toThrow(RangeError);
  });
});

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return number > 1;
}

function primesByTrialDivision(count: number): number[] {
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number++) if (isPrime(number)) primes.push(number);
  return primes;
}
