import { join } from 'node:path';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Handler } from '../task-types/handler.ts';
import { HandedBackError } from '../tasks/held-task.ts';
import type { ThreadJob } from './compute-thread.ts';
import { FairGate } from './fair-gate.ts';
import type { HandlerReport, Lane, Work } from './lane.ts';
import { failure, type RunResult } from './run-result.rules.ts';

export interface WorkerPool {
  /** How many jobs it runs at a time. */
  readonly size: number;
  /**
   * Runs a handler in a thread, first come first served. A thread that dies (out of memory, `process.exit`, an error
   * outside the handler's promise) is a FAILURE of this job alone and is replaced.
   * @throws the signal's reason, at once, when it is aborted; the thread is stopped and replaced
   */
  run(job: Omit<ThreadJob, 'reports'>, events: Pick<Work, 'signal' | 'onBegin' | 'onReport'>): Promise<RunResult>;
  /** How many threads are alive. */
  threads(): number;
  /** Stops all threads; jobs that run are handed back. */
  stop(): Promise<void>;
}

/**
 * Starts the threads that compute.
 * @param maxHeapMb limit of a thread's JavaScript heap. Buffers are outside it
 * @param onError called with errors of threads that run nothing
 */
export function createWorkerPool({
  threads,
  maxHeapMb,
  onError,
}: {
  threads: number;
  maxHeapMb: number;
  onError: (error: unknown) => void;
}): WorkerPool {
  const piscina = new Piscina<ThreadJob, RunResult>({
    filename: join(import.meta.dirname, 'compute-thread.ts'),
    // As many as there may be, always: a pool that shrinks does not replace a stopped thread that others wait for.
    minThreads: threads,
    maxThreads: threads,
    maxQueue: threads,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  });
  // Jobs that can be aborted are reordered in the pool's own queue, so it gets no more than it can run.
  const gate = new FairGate(threads);
  let stopping = false;

  piscina.on('error', onError);

  return {
    size: threads,
    threads: () => piscina.threads.length,
    async run(job, { signal, onBegin, onReport }) {
      const leave = await gate.enter('', signal);
      onBegin();
      const { port1: inbox, port2: reports } = new MessageChannel();
      inbox.on('message', onReport);
      try {
        return await piscina.run({ ...job, reports }, { signal, transferList: [reports] });
      } catch (error) {
        signal.throwIfAborted();
        if (stopping) throw new HandedBackError('The threads are being stopped.', { cause: error });
        return deathOf(error);
      } finally {
        // What was reported before the result may still be on its way to the listener.
        for (let last; (last = receiveMessageOnPort(inbox)) !== undefined;) onReport(last.message as HandlerReport);
        inbox.close();
        leave();
      }
    },
    async stop() {
      stopping = true;
      await piscina.destroy();
    },
  };
}

function deathOf(error: unknown): RunResult {
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY')
    return failure('out-of-memory', 'The task used more memory than a thread may have.');
  return failure('thread-died', `The thread that ran the task died: ${(error as Error).message}`, error);
}

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

/** How much work may have started and still wait for its thread: about what is done while a start is acknowledged. */
const aheadMs = 50;
const maxAheadPerThread = 16;

/**
 * How many tasks may start before there is a thread for them: as many as the threads do in 50 ms, at least one and at
 * most 16 a thread. So short tasks keep the threads busy, and TaskStarted is not written long before the start.
 */
export function tasksAhead(threads: number, meanRunMs: number): number {
  return threads * Math.min(maxAheadPerThread, Math.max(1, Math.floor(aheadMs / meanRunMs)));
}
