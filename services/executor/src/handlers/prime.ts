import { defineHandler } from '../task-types/handler.ts';

/** Finds the `input`-th prime; the result is a number. */
export default defineHandler<{ input: number }>({
  type: 'prime',
  kind: 'compute',
  // Measured: 0.1 ms for N = 5,000.
  isTiny: ({ input }) => input <= 5_000,
  run: ({ input }, { progress, signal }) => nthPrime(input, { onProgress: progress, signal }),
});

/** Odd numbers a segment: 64 KiB of flags stay in a core's second-level cache, so memory is the same for every N. */
const segmentLength = 65_536;

interface PrimeSearch {
  /** Told, after each segment, how far the search has come: 0 to 1, never falling. 1 is not reported. */
  onProgress?: (fraction: number) => void;
  /** Looked at before each segment. */
  signal?: AbortSignal;
}

/**
 * The N-th prime: 1 -> 2, 10 -> 29, 100 -> 541.
 *
 * A segmented sieve of Eratosthenes over the odd numbers: segments of constant size are sieved with the primes up to
 * the square root of an upper bound of the answer, and counted, until the N-th is in the segment. Memory is one
 * segment and those base primes: O(sqrt(N log N)).
 * @param n from 1; an integer small enough that its prime is a 32-bit number (n <= 100,000,000)
 * @throws RangeError when n is not such an integer
 * @throws the signal's reason when it is aborted
 */
export function nthPrime(n: number, { onProgress, signal }: PrimeSearch = {}): number {
  if (!Number.isInteger(n) || n < 1 || n > 100_000_000)
    throw new RangeError(`N must be an integer from 1 to 100000000, not ${n}.`);
  if (n === 1) return 2;
  const upperBound = nthPrimeUpperBound(n);
  const basePrimes = oddPrimesUpTo(Math.floor(Math.sqrt(upperBound)));
  // Index i stands for the odd number 2i + 1. For each base prime p: the index of its next multiple to cross out.
  const nextMultiples = Uint32Array.from(basePrimes, (p) => (p * p) >>> 1);
  const composite = new Uint8Array(Math.min(segmentLength, Math.ceil(upperBound / 2) + 1));

  let remaining = n - 1; // 2, the one even prime, is taken.
  for (let start = 0; ; start += composite.length) {
    signal?.throwIfAborted();
    composite.fill(0);
    if (start === 0) composite[0] = 1; // 1 is not a prime.
    crossOut(composite, start, basePrimes, nextMultiples);
    const found = countZeros(composite);
    if (found >= remaining) return 2 * (start + indexOfZero(composite, remaining)) + 1;
    remaining -= found;
    onProgress?.((n - remaining) / n);
  }
}

/**
 * A number that the N-th prime does not exceed: N (ln N + ln ln N), proven for N >= 6 by Rosser and Schoenfeld,
 * "Approximate formulas for some functions of prime numbers", Illinois J. Math. 6 (1962), (3.13). Below, the fifth
 * prime, 11.
 */
export function nthPrimeUpperBound(n: number): number {
  return n < 6 ? 11 : Math.ceil(n * (Math.log(n) + Math.log(Math.log(n))));
}

function oddPrimesUpTo(limit: number): Uint32Array {
  const composite = new Uint8Array((limit >> 1) + 1);
  const primes: number[] = [];
  for (let number = 3; number <= limit; number += 2) {
    if (composite[number >> 1] === 1) continue;
    primes.push(number);
    for (let multiple = number * number; multiple <= limit; multiple += 2 * number) composite[multiple >> 1] = 1;
  }
  return Uint32Array.from(primes);
}

/** Crosses out the base primes' multiples in the segment that begins at index `start`, and moves `nextMultiples` past it. */
function crossOut(composite: Uint8Array, start: number, basePrimes: Uint32Array, nextMultiples: Uint32Array): void {
  const end = start + composite.length;
  for (let i = 0; i < basePrimes.length; i++) {
    const prime = basePrimes[i]!;
    let index = nextMultiples[i]!;
    if (index >= end) {
      // The first multiple to cross out is the square; squares ascend, so the primes after this one have none here.
      if (prime * prime > 2 * end) break;
      continue;
    }
    for (index -= start; index < composite.length; index += prime) composite[index] = 1;
    nextMultiples[i] = index + start;
  }
}

function countZeros(flags: Uint8Array): number {
  let ones = 0;
  for (let i = 0; i < flags.length; i++) ones += flags[i]!;
  return flags.length - ones;
}

/** Index of the `nth` zero, from 1. */
function indexOfZero(flags: Uint8Array, nth: number): number {
  let index = -1;
  for (let left = nth; left > 0; left--) index = flags.indexOf(0, index + 1);
  return index;
}
