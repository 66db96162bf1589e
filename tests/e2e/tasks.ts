/** What the end-to-end tests post, and what they expect of it. */
export interface Posted {
  type: 'sleep' | 'prime' | 'fibonacci';
  input: number;
  expected: unknown;
}

const knownPrimes: readonly (readonly [number, number])[] = [
  [1, 2],
  [10, 29],
  [100, 541],
  [1_000, 7_919],
  [10_000, 104_729],
  [100_000, 1_299_709],
];

const knownFibonaccis: readonly (readonly [number, string])[] = [
  [0, '0'],
  [1, '1'],
  [50, '12586269025'],
  [101, '573147844013817084101'],
];

/** `count` tasks of all types, small and larger ones, in a fixed order. */
export function mixedTasks(count: number): Posted[] {
  return Array.from({ length: count }, (_, i): Posted => {
    const turn = Math.floor(i / 3);
    if (i % 3 === 0) {
      const seconds = (turn % 8) / 10;
      return { type: 'sleep', input: seconds, expected: seconds };
    }
    if (i % 3 === 1) {
      const [n, prime] = knownPrimes[turn % knownPrimes.length]!;
      return { type: 'prime', input: n, expected: prime };
    }
    const [n, number] = knownFibonaccis[turn % knownFibonaccis.length]!;
    return { type: 'fibonacci', input: n, expected: number };
  });
}
