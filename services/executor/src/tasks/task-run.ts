import type { TaskRequested } from '@nask/schemas';
import { nextAttemptAtMs, timeLimitMs } from './attempt-policy.ts';
import { deferralOf } from '../deferral/deferral.rules.ts';
import { decide, type Decision, type RunnableType } from './decision.rules.ts';
import type { FairGate } from '../lanes/fair-gate.ts';
import type { HandlerReport } from '../lanes/handler-context.ts';
import { failure, type RunResult, type TaskEnd } from '../lanes/run-result.rules.ts';
import { taskAttemptFailed, taskCompleted, taskProgressed, taskStarted, type Attempt } from './task-events.rules.ts';
import { isGivenUp, newTask, type TaskHistory } from './next-attempt.rules.ts';
import type { Lane } from '../lanes/lane.ts';
import { pauseUntil } from './pause-until.ts';
import type { RunningTask } from './held-task.ts';
import { EventTooLargeError, type TaskEventLog } from './task-event-log.ts';
import type { Delivery } from '../recovery/task-memory.ts';
import { TimeLimit } from './time-limit.ts';
import { standTrial } from './trial.ts';

type Run = Extract<Decision, { kind: 'run' }>;
export type LaneName = Run['lane'];

export interface TaskRunOptions {
  /** The task types that can be run, by name. */
  readonly types: ReadonlyMap<string, RunnableType>;
  readonly lanes: Readonly<Record<LaneName, Lane>>;
  /** One place: for those that were running when a process died. */
  readonly trials: FairGate;
  readonly log: TaskEventLog;
  readonly observer: TaskObserver;
  /** How long a task of a type that this executor lacks may be deferred, ms; 0: it fails at once. */
  readonly unknownTypeWaitMs: number;
  /** Name of this process, for the events. */
  readonly name: string;
  /** Ms since 1970. */
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Receives what happens to tasks, for metrics and logs. */
export interface TaskObserver {
  started(request: TaskRequested): void;
  ended(request: TaskRequested, end: TaskEnd, last: LastAttempt): void;
  /** An attempt has failed, another will be made. */
  attemptFailed(request: TaskRequested, attempt: number, result: RunResult & { outcome: 'FAILURE' }): void;
  /** Its type is unknown here: it was put aside for another executor, or for this one after a new release. */
  deferred(request: TaskRequested): void;
  /** @param reason why it does not end here */
  handedBack(request: TaskRequested, reason: unknown): void;
  /** A record of a task that has ended. */
  skipped(request: TaskRequested): void;
  /** Its handler tells something. */
  reported(request: TaskRequested, report: HandlerReport): void;
}

/** The attempt that a task ended with; 0: none was made. */
export interface LastAttempt {
  readonly attempt: number;
  /** From the start of the attempt to the end; null: it never ran. */
  readonly durationMs: number | null;
}

/** A record of a request that can be put aside. */
export interface DeferrableRecord {
  /** When the task was first deferred, ms since 1970; undefined: it was not. */
  readonly sinceMs: number | undefined;
  /**
   * Returns once a copy of the record is in the log of deferred tasks for good.
   * @throws the signal's reason; EventTooLargeError
   */
  defer(times: { sinceMs: number; dueMs: number }, signal: AbortSignal): Promise<void>;
}

/** Brings one task to its end: attempt by attempt, until one succeeds, fails for good, or the task is cancelled. */
export class TaskRun {
  readonly #request: TaskRequested;
  readonly #task: RunningTask;
  readonly #options: TaskRunOptions;
  readonly #traceparent: string | undefined;
  readonly #record: DeferrableRecord | undefined;
  #history: TaskHistory;
  readonly #mayHaveBegun: boolean;
  /** The attempt that was made last, here or elsewhere. */
  #attempt: Attempt;
  /**
   * Lets the next task stand trial. Not before the log says that this one has passed, failed or ended: if it did not, a
   * crash of the next one would count as this one's.
   */
  #leaveTrial: () => void = () => {};

  constructor(
    request: TaskRequested,
    task: RunningTask,
    { history = newTask, mayHaveBegun }: Delivery,
    { traceparent, record }: { traceparent?: string | undefined; record?: DeferrableRecord | undefined },
    options: TaskRunOptions,
  ) {
    this.#request = request;
    this.#task = task;
    this.#options = options;
    this.#traceparent = traceparent;
    this.#record = record;
    this.#history = history;
    this.#mayHaveBegun = mayHaveBegun;
    const made = history.startedAtMs === null ? history.attempt - 1 : history.attempt;
    this.#attempt = { number: made, executor: options.name, startedAtMs: history.startedAtMs };
  }

  /**
   * Returns once the end is in the log, or the task is deferred.
   * @throws HandedBackError when the task is handed back; EventTooLargeError when the log does not even take that it failed
   */
  async toEnd(): Promise<'ended' | 'deferred'> {
    try {
      const result = await this.#run();
      if (result === 'deferred') return result;
      await this.#end(result);
      return 'ended';
    } catch (error) {
      if (!this.#task.isRevoked || this.#task.handedBack.aborted) throw error;
      await this.#end({ outcome: 'REVOKED' });
      return 'ended';
    } finally {
      this.#leaveTrial();
    }
  }

  async #run(): Promise<RunResult | 'deferred'> {
    this.#task.signal.throwIfAborted();
    const work = decide(this.#request, this.#options.types, this.#mayHaveBegun);
    if (work.kind === 'unknown-type') return this.#defer();
    if (work.kind === 'refuse') return work.result;
    if (isGivenUp(this.#history))
      return failure('process-died', `${this.#history.crashes} executor processes died while they ran this task.`);
    for (;;) {
      await pauseUntil(this.#history.dueAtMs, this.#options.nowMs, this.#task.signal);
      const result = await this.#makeAttempt(work);
      if (result.outcome !== 'FAILURE' || result.retryable !== true) return result;
      const { nowMs, random } = this.#options;
      const failedAtMs = nowMs();
      const dueAtMs = nextAttemptAtMs(work.handler, this.#attempt.number, failedAtMs, random());
      if (dueAtMs === null) return result;
      await this.#attemptFailed(result, failedAtMs, dueAtMs);
    }
  }

  /**
   * A task that has begun elsewhere is not deferred: which attempt is next, and since when, is read back only as far as
   * the oldest open request.
   */
  async #defer(): Promise<RunResult | 'deferred'> {
    const { nowMs, observer, unknownTypeWaitMs } = this.#options;
    const isDeferrable = this.#record !== undefined && this.#attempt.number === 0;
    const waitMs = isDeferrable ? unknownTypeWaitMs : 0;
    const deferral = deferralOf(this.#request.type, this.#record?.sinceMs, waitMs, nowMs());
    if (deferral.kind === 'give-up') return deferral.result;
    await this.#record!.defer(deferral, this.#task.signal);
    observer.deferred(this.#request);
    return 'deferred';
  }

  async #makeAttempt(work: Run): Promise<RunResult> {
    const { lanes, trials } = this.#options;
    const lane = lanes[work.lane];
    const { signal } = this.#task;
    if (this.#history.trial > 0) this.#leaveTrial = await trials.enter('', signal);
    const leave = await lane.enter(this.#request.type, signal);
    try {
      return await this.#runIn(lane, work);
    } finally {
      leave();
    }
  }

  async #runIn(lane: Lane, work: Run): Promise<RunResult> {
    const { name, nowMs, observer } = this.#options;
    const { attempt: number } = this.#history;
    const startedAtMs = this.#history.startedAtMs ?? nowMs();
    this.#attempt = { number, executor: name, startedAtMs };
    if (lane.startsAfterAcknowledgement) await this.#started(this.#task.signal);
    const trial =
      this.#history.trial > 0 && work.lane === 'waiting'
        ? standTrial(this.#history, () => {
            this.#history = { ...this.#history, trial: 0 };
            void this.#started(this.#task.signal).then(this.#leaveTrial, () => {});
          })
        : undefined;
    const limit = new TimeLimit(this.#task.signal, timeLimitMs(work.handler, this.#request.timeout_ms));
    try {
      const result = await lane.run({
        handler: work.handler,
        payload: work.payload,
        signal: limit.signal,
        attempt: number,
        startedAtMs,
        onBegin: () => {
          this.#task.begin(work.durationMs === undefined ? undefined : startedAtMs + work.durationMs);
          limit.begin();
          observer.started(this.#request);
        },
        onReport: (report) => this.#reported(report),
      });
      // A tiny computation takes less time than its start: both are said now.
      if (!lane.startsAfterAcknowledgement) this.#lateStart = this.#started(this.#task.handedBack);
      return result;
    } catch (error) {
      if (limit.hasTimedOut) return failure('timed-out', (limit.signal.reason as Error).message);
      throw error;
    } finally {
      limit.end();
      trial?.end();
    }
  }

  #lateStart: Promise<void> | undefined;

  #started(signal: AbortSignal): Promise<void> {
    const attempt = { ...this.#attempt, startedAtMs: this.#attempt.startedAtMs! };
    return this.#options.log.started(taskStarted(this.#request, attempt, this.#history), this.#publish(signal));
  }

  #reported(report: HandlerReport): void {
    const { log, observer, nowMs } = this.#options;
    observer.reported(this.#request, report);
    if (report.kind === 'progress')
      log.progressed(taskProgressed(this.#request, this.#attempt, report.fraction, nowMs()));
  }

  async #attemptFailed(result: RunResult & { outcome: 'FAILURE' }, failedAtMs: number, dueAtMs: number): Promise<void> {
    const { log, observer } = this.#options;
    const times = { failedAtMs, nextAttemptAtMs: dueAtMs };
    this.#task.pause();
    await this.#lateStart;
    await log.attemptFailed(
      taskAttemptFailed(this.#request, this.#attempt, result.error, times),
      this.#publish(this.#task.signal),
    );
    this.#leaveTrial();
    observer.attemptFailed(this.#request, this.#attempt.number, result);
    const { attempt, crashes } = this.#history;
    this.#history = { attempt: attempt + 1, startedAtMs: null, dueAtMs, crashes, trial: 0 };
  }

  async #end(end: TaskEnd): Promise<void> {
    this.#task.finish();
    const { nowMs, observer } = this.#options;
    const completedAtMs = nowMs();
    const [said] = await Promise.all([this.#complete(end, completedAtMs), this.#lateStart]);
    const { number: attempt, startedAtMs } = this.#attempt;
    observer.ended(this.#request, said, {
      attempt,
      durationMs: startedAtMs === null ? null : completedAtMs - startedAtMs,
    });
  }

  async #complete(end: TaskEnd, completedAtMs: number): Promise<TaskEnd> {
    const complete = (how: TaskEnd) =>
      this.#options.log.completed(
        taskCompleted(this.#request, this.#attempt, how, completedAtMs),
        this.#publish(this.#task.handedBack),
      );
    try {
      await complete(end);
      return end;
    } catch (error) {
      if (!(error instanceof EventTooLargeError) || end.outcome !== 'SUCCESS') throw error;
      const tooLarge = failure('result-too-large', `Payload and result are too large for one record: ${error.message}`);
      await complete(tooLarge);
      return tooLarge;
    }
  }

  #publish(signal: AbortSignal) {
    return { signal, traceparent: this.#traceparent };
  }
}
