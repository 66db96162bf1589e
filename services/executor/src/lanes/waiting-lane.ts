import { FairGate } from './fair-gate.ts';
import { handlerContext } from './handler-context.ts';
import { orAborted } from './or-aborted.ts';
import { runToResult } from './run-result.rules.ts';
import type { Lane } from './lane.ts';

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
      const context = handlerContext(signal, onReport, () => performance.now(), attempt);
      // A handler that does not listen to its signal must not hold up whoever wants it stopped.
      return orAborted(
        runToResult(() => handler.run(payload, context)),
        signal,
      );
    },
  };
}
