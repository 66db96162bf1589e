import type { WorkerPool } from './worker-pool.ts';
import { FairGate } from './fair-gate.ts';
import type { Handler } from '../task-types/handler.ts';
import { tasksAhead } from './tasks-ahead.ts';
import type { Lane } from './lane.ts';

/** How much a run counts for the mean duration of runs. */
const newestWeight = 0.1;

/**
 * Runs `compute` handlers in threads. Some tasks more than there are threads have a place, so that no thread idles
 * while a start is acknowledged: more of them where runs are short.
 * @param fileOf where the handler is, for a thread has to load it by itself
 */
export function createThreadLane(pool: WorkerPool, fileOf: (handler: Handler) => string): Lane {
  let meanRunMs = 1_000;
  const places = () => pool.size + tasksAhead(pool.size, meanRunMs);
  const gate = new FairGate(places());
  return {
    startsAfterAcknowledgement: true,
    load: () => gate.load,
    enter: (type, signal) => gate.enter(type, signal),
    async run({ handler, payload, signal, attempt, startedAtMs, onBegin, onReport }) {
      let begunMs = 0;
      const begin = () => {
        begunMs = performance.now();
        onBegin();
      };
      const job = { handlerFile: fileOf(handler), payload, attempt, startedAtMs };
      const result = await pool.run(job, { signal, onBegin: begin, onReport });
      meanRunMs += newestWeight * (performance.now() - begunMs - meanRunMs);
      gate.resize(places());
      return result;
    },
  };
}
