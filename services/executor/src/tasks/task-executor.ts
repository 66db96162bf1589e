import type { TaskRequested } from '@nask/schemas';
import { FairGate } from '../lanes/fair-gate.ts';
import type { Delivery, TaskMemory } from '../recovery/task-memory.ts';
import { HandedBackError, HeldTask } from './held-task.ts';
import { TaskRun, type DeferrableRecord, type TaskRunOptions } from './task-run.ts';

const firstDelivery: Delivery = { next: undefined, mayHaveBegun: false };
const stopping = 'This executor stops.';

/** Brings requested tasks to their end, many side by side. The caller bounds how many it holds. */
export class TaskExecutor {
  readonly #options: TaskRunOptions;
  readonly #memory: TaskMemory;
  readonly #held = new Map<number, { task: HeldTask; end: Promise<'ended' | 'deferred'> }>();
  #draining = false;

  constructor({ memory, ...options }: Omit<TaskRunOptions, 'trials'> & { memory: TaskMemory }) {
    this.#memory = memory;
    this.#options = { ...options, trials: new FairGate(1) };
  }

  /**
   * Returns once the task has ended and its outcome is in the log for good, or the task is deferred, because its type is
   * unknown here. A second record of a task that this process holds, or knows to have ended, runs nothing.
   * @param about.traceparent W3C trace context of the request
   * @param about.delivery what is known of the task; default: nothing but its request
   * @param about.record its record, where it can be deferred
   * @throws HandedBackError, at once, when `signal` is aborted or this executor drains
   * @throws ProducerError (isTooLarge) when the log does not even take that the task failed
   */
  async execute(
    request: TaskRequested,
    about: { signal: AbortSignal; traceparent?: string | undefined; delivery?: Delivery; record?: DeferrableRecord },
  ): Promise<void> {
    const { signal, delivery = firstDelivery } = about;
    const id = request.task_id;
    for (let earlier; (earlier = this.#held.get(id)) !== undefined;) {
      // When the earlier record's run is handed back, this one's begins.
      await earlier.end.catch(() => {});
      if (signal.aborted) throw new HandedBackError('The record was taken away.', { cause: signal.reason });
    }
    if (this.#memory.ended.has(id)) return this.#options.observer.skipped(request);
    if (this.#draining) throw new HandedBackError(stopping);

    const task = new HeldTask();
    const onAbort = () => task.handBack('The record was taken away.');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    if (this.#memory.cancelled.has(id)) task.revoke();
    const end = new TaskRun(request, task, delivery, about, this.#options).toEnd();
    this.#held.set(id, { task, end });
    try {
      if ((await end) === 'ended') this.#memory.ended.add(id);
    } catch (error) {
      if (task.handedBack.aborted) this.#options.observer.handedBack(request, error);
      throw error;
    } finally {
      this.#held.delete(id);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Whether it has a record of the task in hand that is not done yet. */
  holds(taskId: number): boolean {
    return this.#held.has(taskId);
  }

  /**
   * A task was cancelled. If it is held here its work stops, and it ends as REVOKED; one that is delivered later never
   * begins. One that has ended stays as it is.
   */
  cancel(taskId: number): void {
    this.#memory.cancelled.add(taskId);
    this.#held.get(taskId)?.task.revoke();
  }

  /**
   * From now on nothing new starts. What has not begun, or is known to end too late, is handed back at once; the rest
   * goes on until it ends or the time is up, and is handed back then. Returns once nothing is held any more.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    const held = [...this.#held.values()];
    const deadlineMs = Date.now() + timeoutMs;
    for (const { task } of held) task.handBackUnlessDoneBy(deadlineMs);
    const timer = setTimeout(() => {
      for (const { task } of held) task.handBack(stopping);
    }, timeoutMs);
    await Promise.allSettled(held.map(({ end }) => end));
    clearTimeout(timer);
  }
}
