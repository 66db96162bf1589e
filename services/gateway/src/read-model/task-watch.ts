import { onAbort } from '@nask/async';
import { isSameState, type TaskState } from './task-state.rules.ts';

/**
 * Waits for tasks to change. All who wait share one look-up of bounded size at a time, however many they are: what was
 * hinted at, or is new, is looked at first; the others take turns, now and then.
 */
export interface TaskWatch {
  /**
   * Resolves with how the task stands, once that is not as it was seen; undefined: it is not there. It may resolve with
   * an older state when the one that was seen came from elsewhere.
   * @throws the signal's reason, or what the watch was closed with
   */
  readonly next: (id: number, seen: TaskState | undefined, signal: AbortSignal) => Promise<TaskState | undefined>;
  /** The document of this task has changed: it is looked at next. Of a task that nobody waits for it says nothing. */
  hint(id: number): void;
  /** Whether anybody waits for any task now. */
  readonly isInUse: () => boolean;
  /** Whether anybody waits for this task now. */
  isWatched(id: number): boolean;
  /** Ends all waiting, now and in future, with this error. */
  close(error: Error): void;
}

interface Waiter {
  seen: TaskState | undefined;
  end(outcome: { state: TaskState | undefined } | { error: unknown }): void;
}

/** One look in so many is for tasks that nobody hinted at. */
const looksPerTurnOfOthers = 20;

/**
 * @param read how those of the tasks stand that are there, in bounded time. A failure is no news: it is asked again.
 * @param pause resolves when it is time for the next look; `isCalm`: nothing says that there is a change
 * @param maxKeys how many tasks one look-up has at most
 */
export function createTaskWatch(options: {
  read: (ids: number[]) => Promise<ReadonlyMap<number, TaskState>>;
  pause: (isCalm: boolean) => Promise<void>;
  maxKeys: number;
}): TaskWatch {
  // Both in the order in which they were looked at, so that the first is the one whose turn it is.
  const urgent = new Map<number, Set<Waiter>>();
  const others = new Map<number, Set<Waiter>>();
  let looks = 0;
  let looking = false;
  let wake = () => {};
  let closedWith: Error | undefined;

  async function look(): Promise<void> {
    looking = true;
    while (urgent.size + others.size > 0) {
      const ids = takeTurn();
      try {
        const states = await options.read(ids);
        for (const id of ids) resolveChanged(id, states.get(id));
      } catch {
        // The store says itself that it is away. What was to be seen is to be seen still.
        ids.forEach(hint);
      }
      await options.pause(false);
      if (urgent.size === 0 && others.size > 0) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        await Promise.race([options.pause(true), woken]);
      }
    }
    looking = false;
  }

  function takeTurn(): number[] {
    looks += 1;
    const isTurnOfOthers = urgent.size === 0 || (others.size > 0 && looks % looksPerTurnOfOthers === 0);
    const ids = firstKeys(isTurnOfOthers ? others : urgent, options.maxKeys);
    for (const id of ids) others.set(id, take(id)!);
    return ids;
  }

  function take(id: number): Set<Waiter> | undefined {
    const waiters = urgent.get(id) ?? others.get(id);
    urgent.delete(id);
    others.delete(id);
    return waiters;
  }

  function resolveChanged(id: number, state: TaskState | undefined): void {
    for (const waiter of urgent.get(id) ?? others.get(id) ?? [])
      if (!isSameState(waiter.seen, state)) waiter.end({ state });
  }

  function add(id: number, waiter: Waiter): void {
    const waiters = take(id) ?? new Set();
    waiters.add(waiter);
    // It may have changed since it was seen.
    urgent.set(id, waiters);
    wake();
    if (!looking) void look();
  }

  function remove(id: number, waiter: Waiter): void {
    const waiters = urgent.get(id) ?? others.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) take(id);
  }

  function hint(id: number): void {
    const waiters = others.get(id);
    if (waiters === undefined) return;
    others.delete(id);
    urgent.set(id, waiters);
    wake();
  }

  return {
    next: (id, seen, signal) =>
      new Promise((resolve, reject) => {
        if (closedWith !== undefined) return reject(closedWith);
        if (signal.aborted) return reject(signal.reason as Error);
        const waiter: Waiter = {
          seen,
          end(outcome) {
            remove(id, waiter);
            stopListening();
            if ('error' in outcome) reject(outcome.error);
            else resolve(outcome.state);
          },
        };
        const stopListening = onAbort(signal, () => waiter.end({ error: signal.reason }));
        add(id, waiter);
      }),
    hint,
    isInUse: () => urgent.size + others.size > 0,
    isWatched: (id) => urgent.has(id) || others.has(id),
    close(error) {
      closedWith = error;
      const waiters = [...urgent.values(), ...others.values()].flatMap((waiters) => [...waiters]);
      for (const waiter of waiters) waiter.end({ error });
      wake();
    },
  };
}

function firstKeys(map: ReadonlyMap<number, unknown>, count: number): number[] {
  const keys: number[] = [];
  for (const key of map.keys()) {
    if (keys.length >= count) break;
    keys.push(key);
  }
  return keys;
}
