import { setTimeout as sleep } from 'node:timers/promises';

/** How many times longer than a read the pause after it is at least: whoever reads again and again leaves the store room. */
const pausePerRead = 3;

/**
 * A read that is repeated for as long as somebody waits, and the pause between two of them.
 * @param minPauseMs the pause after a read that takes no time
 */
export function paced<K, V>(
  read: (keys: K[]) => Promise<V>,
  minPauseMs: number,
): { read: (keys: K[]) => Promise<V>; pause: () => Promise<void> } {
  let lastMs = 0;
  return {
    async read(keys) {
      const startedAtMs = performance.now();
      try {
        return await read(keys);
      } finally {
        lastMs = performance.now() - startedAtMs;
      }
    },
    pause: () => sleep(Math.max(minPauseMs, pausePerRead * lastMs)),
  };
}
