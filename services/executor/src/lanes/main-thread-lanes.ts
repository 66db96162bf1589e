import { orAborted } from '@nask/async';
import { FairGate } from './fair-gate.ts';
import { handlerContext, type Lane } from './lane.ts';
import { runToResult } from './run-result.rules.ts';

/**
 * Runs `wait` handlers side by side in the main thread.
 * @param places how many at a time
 */
export function createWaitingLane(places: number): Lane {
  const gate = new FairGate(places);
  return {
    startsAfterAcknowledgement: true,
    load: () => gate.load,
    enter: (type, signal) => gate.enter(type, signal),
    async run({ handler, payload, signal, onBegin, onReport, ...attempt }) {
      signal.throwIfAborted();
      onBegin();
      const context = handlerContext(signal, onReport, attempt);
      // Returns at once although a handler does not listen to its signal.
      return orAborted(
        runToResult(() => handler.run(payload, context)),
        signal,
      );
    },
  };
}

/** How long tiny computations may hold the event loop before timers and sockets get their turn. */
const sliceMs = 5;

/**
 * Runs computations that take well below a millisecond in the main thread, one after the other, in slices between
 * which the event loop goes on. Its line is bounded by the caller (the consumer's intake).
 */
export function createInlineLane(): Lane {
  let line: (() => void)[] = [];
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(runSlice);
  }

  function runSlice(): void {
    scheduled = false;
    const end = performance.now() + sliceMs;
    let done = 0;
    while (done < line.length && performance.now() < end) line[done++]!();
    line = line.slice(done);
    if (line.length > 0) schedule();
  }

  return {
    startsAfterAcknowledgement: false,
    load: () => ({ entered: 0, waiting: line.length }),
    enter: async () => () => {},
    run: ({ handler, payload, signal, onBegin, onReport, ...attempt }) =>
      new Promise((resolve, reject) => {
        line.push(() => {
          if (signal.aborted) return reject(signal.reason as Error);
          onBegin();
          resolve(runToResult(() => handler.run(payload, handlerContext(signal, onReport, attempt))));
        });
        schedule();
      }),
  };
}
