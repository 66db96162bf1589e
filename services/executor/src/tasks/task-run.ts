import type { ProducerError } from '@nask/kafka';
import type { TaskRequested } from '@nask/schemas';
import { deferralOf } from '../deferral/deferral.rules.ts';
import type { FairGate } from '../lanes/fair-gate.ts';
import type { HandlerReport, Lane, Lanes } from '../lanes/lane.ts';
import { failure, smallerEnd, type RunResult, type TaskEnd } from '../lanes/run-result.rules.ts';
import type { Delivery } from '../recovery/task-memory.ts';
import type { LoadedType } from '../task-types/load-handlers.ts';
import { decide, type Decision } from './lane-choice.rules.ts';
import type { HeldTask } from './held-task.ts';
import {
  afterFailure,
  firstAttempt,
  isGivenUp,
  nextAttemptAtMs,
  timeLimitMs,
  trialDurationMs,
  type NextAttempt,
} from './next-attempt.rules.ts';
import { isTooLarge, type TaskEventLog } from './task-event-log.ts';
import {
  newTaskAttemptFailed,
  newTaskCompleted,
  newTaskProgressed,
  newTaskStarted,
  type Attempt,
} from './new-events.rules.ts';
import type { TaskObserver } from './task-observer.ts';
import { pauseUntil, TimeLimit } from './time-limit.ts';

type Run = Extract<Decision, { kind: 'run' }>;

/**
 * What the end of a task leaves free in its record: room for the headers of the notifier's retries and for
 * RedeliveryRequested, which has more fields; where no end leaves that, none, for such an end is better than no end.
 */
const endSpareBytes = [4_096, 0];

export interface TaskRunOptions {
  /** The task types that can be run, by name. */
  readonly types: ReadonlyMap<string, LoadedType>;
  readonly lanes: Lanes;
  /** One place: for those that were running when a process died. */
  readonly trials: FairGate;
  readonly log: TaskEventLog;
  readonly observer: TaskObserver;
  /** How long a task of a type that this executor lacks may be deferred, ms; 0: it fails at once. */
  readonly unknownTypeWaitMs: number;
  /** Name of this process, for the events. */
  readonly name: string;
}

/** A record of a request that can be put aside. */
export interface DeferrableRecord {
  /** When the task was first deferred, ms since 1970; undefined: it was not. */
  readonly sinceMs: number | undefined;
  /**
   * Returns once a copy of the record is in the log of deferred tasks for good.
   * @throws the signal's reason; ProducerError (isTooLarge)
   */
  defer(times: { sinceMs: number; dueMs: number }, signal: AbortSignal): Promise<void>;
}

/** Brings one task to its end: attempt by attempt, until one succeeds, fails for good, or the task is cancelled. */
export class TaskRun {
  readonly #request: TaskRequested;
  readonly #task: HeldTask;
  readonly #options: TaskRunOptions;
  readonly #traceparent: string | undefined;
  readonly #record: DeferrableRecord | undefined;
  #next: NextAttempt;
  readonly #mayHaveBegun: boolean;
  /** When this process took the task, ms since 1970. */
  readonly #takenAtMs = Date.now();
  /** The attempt that was made last, here or elsewhere. */
  #attempt: Attempt;
  /**
   * Lets the next task stand trial. Not before the log says that this one has passed, failed or ended: if it did not, a
   * crash of the next one would count as this one's.
   */
  #leaveTrial: () => void = () => {};
  /** TaskStarted of a tiny computation, which is written after its run. */
  #lateStart: Promise<void> | undefined;

  constructor(
    request: TaskRequested,
    task: HeldTask,
    { next = firstAttempt, mayHaveBegun }: Delivery,
    { traceparent, record }: { traceparent?: string | undefined; record?: DeferrableRecord | undefined },
    options: TaskRunOptions,
  ) {
    this.#request = request;
    this.#task = task;
    this.#options = options;
    this.#traceparent = traceparent;
    this.#record = record;
    this.#next = next;
    this.#mayHaveBegun = mayHaveBegun;
    const made = next.startedAtMs === null ? next.attempt - 1 : next.attempt;
    this.#attempt = { number: made, executor: options.name, startedAtMs: next.startedAtMs };
  }

  /**
   * Returns once the end is in the log, or the task is deferred.
   * @throws HandedBackError when the task is handed back; ProducerError (isTooLarge) when the log does not even take that it failed
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
    if (isGivenUp(this.#next))
      return failure('process-died', `${this.#next.crashes} executor processes died while they ran this task.`);
    for (;;) {
      await pauseUntil(this.#next.dueAtMs, Date.now, this.#task.signal);
      const result = await this.#makeAttempt(work);
      if (result.outcome !== 'FAILURE' || result.retryable !== true) return result;
      const failedAtMs = Date.now();
      const dueAtMs = nextAttemptAtMs(work.handler, this.#attempt.number, failedAtMs, Math.random());
      if (dueAtMs === null) return result;
      await this.#attemptFailed(result, failedAtMs, dueAtMs);
    }
  }

  /**
   * A task that has begun elsewhere is not deferred: which attempt is next, and since when, is read back only as far as
   * the oldest open request.
   */
  async #defer(): Promise<RunResult | 'deferred'> {
    const { observer, unknownTypeWaitMs } = this.#options;
    const isDeferrable = this.#record !== undefined && this.#attempt.number === 0;
    const waitMs = isDeferrable ? unknownTypeWaitMs : 0;
    const deferral = deferralOf(this.#request.type, this.#record?.sinceMs, waitMs, Date.now());
    if (deferral.kind === 'give-up') return deferral.result;
    await this.#record!.defer(deferral, this.#task.signal);
    observer.deferred(this.#request);
    return 'deferred';
  }

  async #makeAttempt(work: Run): Promise<RunResult> {
    const { lanes, trials } = this.#options;
    const lane = lanes[work.lane];
    const { signal } = this.#task;
    if (this.#next.trial > 0) this.#leaveTrial = await trials.enter('', signal);
    const leave = await lane.enter(this.#request.type, signal);
    try {
      return await this.#runIn(lane, work);
    } finally {
      leave();
    }
  }

  async #runIn(lane: Lane, work: Run): Promise<RunResult> {
    const { name, observer } = this.#options;
    const { attempt: number } = this.#next;
    const startedAtMs = this.#next.startedAtMs ?? Date.now();
    this.#attempt = { number, executor: name, startedAtMs };
    if (lane.startsAfterAcknowledgement) await this.#started(this.#task.signal);
    // A computation is on trial to its end.
    const isPassable = this.#next.trial > 0 && work.lane === 'waiting';
    const trial = isPassable ? setTimeout(() => this.#passTrial(), trialDurationMs(this.#next)) : undefined;
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
      // A tiny computation takes less time than the acknowledgement of its start: both events are written now.
      if (!lane.startsAfterAcknowledgement) this.#lateStart = this.#started(this.#task.handedBack);
      return result;
    } catch (error) {
      if (limit.hasTimedOut) return failure('timed-out', (limit.signal.reason as Error).message);
      throw error;
    } finally {
      limit.end();
      clearTimeout(trial);
    }
  }

  /** The task waits and has gone well for a while: others may stand trial beside it. */
  #passTrial(): void {
    this.#next = { ...this.#next, trial: 0 };
    void this.#started(this.#task.signal).then(this.#leaveTrial, () => {});
  }

  #started(signal: AbortSignal): Promise<void> {
    const attempt = { ...this.#attempt, startedAtMs: this.#attempt.startedAtMs! };
    return this.#options.log.append(
      'tasks.started',
      newTaskStarted(this.#request, attempt, this.#next, this.#takenAtMs),
      this.#publish(signal),
    );
  }

  #reported(report: HandlerReport): void {
    const { log, observer } = this.#options;
    observer.reported(this.#request, report);
    if (report.kind === 'progress')
      log.progressed(newTaskProgressed(this.#request, this.#attempt, report.fraction, Date.now()));
  }

  async #attemptFailed(result: RunResult & { outcome: 'FAILURE' }, failedAtMs: number, dueAtMs: number): Promise<void> {
    const { log, observer } = this.#options;
    const event = newTaskAttemptFailed(this.#request, this.#attempt, result.error, {
      failedAtMs,
      nextAttemptAtMs: dueAtMs,
    });
    this.#task.pause();
    await this.#lateStart;
    await log.append('tasks.attempt-failed', event, this.#publish(this.#task.signal));
    this.#leaveTrial();
    observer.attemptFailed(this.#request, this.#attempt.number, result);
    this.#next = afterFailure(this.#next, event);
  }

  async #end(end: TaskEnd): Promise<void> {
    this.#task.finish();
    const completedAtMs = Date.now();
    const [published] = await Promise.all([this.#complete(end, completedAtMs), this.#lateStart]);
    const { number: attempt, startedAtMs } = this.#attempt;
    this.#options.observer.ended(this.#request, published, {
      attempt,
      durationMs: startedAtMs === null ? null : completedAtMs - startedAtMs,
    });
  }

  async #complete(end: TaskEnd, completedAtMs: number): Promise<TaskEnd> {
    let tooLarge: ProducerError | undefined;
    for (const spareBytes of endSpareBytes) {
      for (let how: TaskEnd | undefined = end; how !== undefined; how = smallerEnd(how, tooLarge.message)) {
        try {
          const event = newTaskCompleted(this.#request, this.#attempt, how, completedAtMs);
          await this.#options.log.append('tasks.completed', event, this.#publish(this.#task.handedBack, spareBytes));
          return how;
        } catch (error) {
          if (!isTooLarge(error)) throw error;
          tooLarge = error;
        }
      }
    }
    throw tooLarge as ProducerError;
  }

  #publish(signal: AbortSignal, spareBytes?: number) {
    return { signal, traceparent: this.#traceparent, spareBytes };
  }
}
