import type { DestinationStream } from 'pino';

/** What gathers beyond this is written at once. */
const maxGatheredChars = 65_536;

/** Of all that gather in this process, for its end. */
const flushes = new Set<() => void>();
process.on('exit', () => {
  for (const flush of flushes) flush();
});

/**
 * Gathers the lines of one turn of the event loop and writes them as one: on a busy service a write for each line costs
 * as much as the line. Nothing is lost when the process exits; SIGKILL can take the lines of the turn that it ends.
 * @param destination writes at once
 */
export function writeByTurn(destination: DestinationStream): DestinationStream & { flushSync(): void } {
  let gathered = '';
  let isDue = false;

  function flushSync(): void {
    isDue = false;
    if (gathered === '') return;
    const lines = gathered;
    gathered = '';
    destination.write(lines);
  }

  flushes.add(flushSync);
  return {
    write(line) {
      gathered += line;
      if (gathered.length > maxGatheredChars) flushSync();
      else if (!isDue) {
        isDue = true;
        setImmediate(flushSync);
      }
    },
    // pino calls it after a fatal line.
    flushSync,
  };
}
