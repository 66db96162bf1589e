import type { TaskRequested } from '@nask/schemas';
import { decide, type Decision, type RunnableType } from '../domain/decision.ts';
import { HandedBackError } from '../domain/handed-back-error.ts';
import type { HandlerReport } from '../domain/handler-context.ts';
import { RecentIds } from '../domain/recent-ids.ts';
import { failure, type RunResult } from '../domain/run-result.ts';
import { taskCompleted, taskRefused, taskStarted } from '../domain/task-events.ts';
import type { Lane } from './lane.ts';
import { RunningTask } from './running-task.ts';
import { EventTooLargeError, type PublishOptions, type TaskEventLog } from './task-event-log.ts';

type Run = Extract<Decision, { kind: 'run' }>;
export type LaneName = Run['lane'];

export interface TaskExecutorOptions {
  /** The task types that it can run, by name. */
  readonly types: ReadonlyMap<string, RunnableType>;
  readonly lanes: Readonly<Record<LaneName, Lane>>;
  readonly log: TaskEventLog;
  readonly observer: TaskObserver;
  /** Name of this process, for the events. */
  readonly name: string;
  /** Ms since 1970. */
  readonly nowMs?: () => number;
}

/** Is told what happens to tasks: for metrics and logs. */
export interface TaskObserver {
  started(request: TaskRequested): void;
  /** @param durationMs from start to end; null: it never ran */
  ended(request: TaskRequested, result: RunResult, durationMs: number | null): void;
  /** @param reason why it does not end here */
  handedBack(request: TaskRequested, reason: unknown): void;
  /** A second record of a task that has ended here. */
  skipped(request: TaskRequested): void;
  /** Its handler tells something. */
  reported(request: TaskRequested, report: HandlerReport): void;
}

/** How many ended tasks are remembered, so that a second record of one of them runs nothing. */
const rememberedTasks = 100_000;

const stopping = 'This executor stops.';

/** Brings requested tasks to their end, many side by side. How many it holds is bounded by whoever calls. */
export class TaskExecutor {
  readonly #options: TaskExecutorOptions;
  readonly #nowMs: () => number;
  readonly #held = new Map<number, { task: RunningTask; end: Promise<void> }>();
  readonly #ended = new RecentIds(rememberedTasks);
  #draining = false;

  constructor(options: TaskExecutorOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /**
   * Returns once the task has ended and its outcome is in the log for good. A second record of a task that this process
   * holds or remembers runs nothing.
   * @throws HandedBackError, at once, when `signal` is aborted or this executor drains
   * @throws EventTooLargeError when the log does not even take that the task failed
   */
  async execute(request: TaskRequested, { signal, traceparent }: PublishOptions): Promise<void> {
    const id = request.task_id;
    for (let earlier; (earlier = this.#held.get(id)) !== undefined;) {
      // When the earlier record's run is handed back, this one's begins.
      await earlier.end.catch(() => {});
      if (signal.aborted) throw new HandedBackError('The record was taken away.', { cause: signal.reason });
    }
    if (this.#ended.has(id)) return this.#options.observer.skipped(request);
    if (this.#draining) throw new HandedBackError(stopping);

    const task = new RunningTask();
    const onAbort = () => task.handBack('The record was taken away.');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const end = this.#bringToEnd(request, task, traceparent);
    this.#held.set(id, { task, end });
    try {
      await end;
      this.#ended.add(id);
    } catch (error) {
      if (task.signal.aborted) this.#options.observer.handedBack(request, error);
      throw error;
    } finally {
      this.#held.delete(id);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /**
   * From now on nothing new starts. What has not begun, or is known to end too late, is handed back at once; the rest
   * goes on until it ends or the time is up, and is handed back then. Returns once nothing is held any more.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    const held = [...this.#held.values()];
    const deadlineMs = this.#nowMs() + timeoutMs;
    for (const { task } of held) task.handBackUnlessDoneBy(deadlineMs);
    const timer = setTimeout(() => {
      for (const { task } of held) task.handBack(stopping);
    }, timeoutMs);
    await Promise.allSettled(held.map(({ end }) => end));
    clearTimeout(timer);
  }

  async #bringToEnd(request: TaskRequested, task: RunningTask, traceparent?: string): Promise<void> {
    const { types, log, name, observer } = this.#options;
    const publish = { signal: task.signal, traceparent };
    const decision = decide(request, types);
    if (decision.kind === 'run') return this.#run(request, decision, task, publish);
    task.finish();
    await log.completed(taskRefused(request, name, decision.result, this.#nowMs()), publish);
    observer.ended(request, decision.result, null);
  }

  async #run(request: TaskRequested, work: Run, task: RunningTask, publish: PublishOptions): Promise<void> {
    const { lanes, log, name, observer } = this.#options;
    const lane = lanes[work.lane];
    const leave = await lane.enter(request.type, task.signal);
    const attempt = { number: 1, executor: name, startedAtMs: this.#nowMs() };
    const start = () => log.started(taskStarted(request, attempt), publish);
    let result: RunResult;
    try {
      if (lane.startsAfterAcknowledgement) await start();
      result = await lane.run({
        handler: work.handler,
        payload: work.payload,
        signal: task.signal,
        onBegin: () => {
          task.begin(work.durationMs === undefined ? undefined : this.#nowMs() + work.durationMs);
          observer.started(request);
        },
        onReport: (report) => observer.reported(request, report),
      });
    } finally {
      leave();
    }
    task.finish();
    const completedAtMs = this.#nowMs();
    const complete = (how: RunResult) => log.completed(taskCompleted(request, attempt, how, completedAtMs), publish);
    const completion = complete(result).catch((error: unknown) => {
      if (!(error instanceof EventTooLargeError) || result.outcome === 'FAILURE') throw error;
      result = failure('result-too-large', `Payload and result are too large for one record: ${error.message}`);
      return complete(result);
    });
    await Promise.all([lane.startsAfterAcknowledgement ? undefined : start(), completion]);
    observer.ended(request, result, completedAtMs - attempt.startedAtMs);
  }
}
