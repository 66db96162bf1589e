import { join } from 'node:path';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { FairGate } from './fair-gate.ts';
import { HandedBackError } from '../tasks/handed-back-error.ts';
import type { HandlerReport } from './handler-context.ts';
import { failure, type RunResult } from './run-result.rules.ts';
import type { ThreadJob } from './compute-thread.ts';

export interface WorkerPool {
  /** How many jobs it runs at a time. */
  readonly size: number;
  /**
   * Runs a handler in a thread, first come first served. A thread that dies (out of memory, `process.exit`, an error
   * outside the handler's promise) is a FAILURE of this job alone and is replaced.
   * @throws the signal's reason, at once, when it is aborted; the thread is stopped and replaced
   */
  run(job: Omit<ThreadJob, 'reports'>, options: RunOptions): Promise<RunResult>;
  /** How many threads are alive. */
  threads(): number;
  /** Stops all threads; jobs that run are handed back. */
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Told when a thread takes the job. */
  readonly onBegin: () => void;
  readonly onReport: (report: HandlerReport) => void;
}

export interface WorkerPoolOptions {
  readonly threads: number;
  /** Limit of a thread's JavaScript heap. Buffers are outside it. */
  readonly maxHeapMb: number;
  /** Told of errors in threads that run nothing. */
  readonly onError: (error: unknown) => void;
}

/** Starts the threads that compute. */
export function createWorkerPool({ threads, maxHeapMb, onError }: WorkerPoolOptions): WorkerPool {
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
