import { isSameState, type TaskState } from './task-state.ts';

/**
 * Waits for tasks to change. All who wait share one look-up of bounded size at a time, however many they are: what has
 * just begun to be watched, has changed or was hinted at is looked at first, the others take turns.
 */
export interface TaskWatch {
  /**
   * Resolves with how the task stands, once that is not as it was seen; undefined: it is not there. It may resolve with
   * an older state when the one that was seen came from elsewhere.
   * @throws the signal's reason, or what the watch was closed with
   */
  readonly next: (id: number, seen: TaskState | undefined, signal: AbortSignal) => Promise<TaskState | undefined>;
  /** Something of this task is in the log: its document will change soon. */
  hint(id: number): void;
  /** Ends all waiting, now and in future, with this error. */
  close(error: Error): void;
}

interface Waiter {
  seen: TaskState | undefined;
  end(outcome: { state: TaskState | undefined } | { error: unknown }): void;
}

interface Watched {
  waiters: Set<Waiter>;
  /** How many more times it is looked at before the others. */
  looksFirst: number;
}

/** So many times in a row a task is looked at first: until what is in the log is in the read model. */
const looksFirst = 20;

/**
 * @param read how those of the tasks stand that are there, in bounded time. A failure is no news: it is asked again.
 * @param pause resolves when it is time for the next look; `isUrgent`: a change is likely
 * @param maxKeys how many tasks one look-up has at most; a fifth of it is kept for those that take turns
 */
export function createTaskWatch(options: {
  read: (ids: number[]) => Promise<ReadonlyMap<number, TaskState>>;
  pause: (isUrgent: boolean) => Promise<void>;
  maxKeys: number;
}): TaskWatch {
  const { maxKeys } = options;
  // Both in the order in which they were looked at, so that the first is the one whose turn it is.
  const urgent = new Map<number, Watched>();
  const others = new Map<number, Watched>();
  let looking = false;
  let closedWith: Error | undefined;

  async function look(): Promise<void> {
    looking = true;
    while (urgent.size + others.size > 0) {
      const ids = takeTurn();
      try {
        const states = await options.read(ids);
        for (const id of ids) tell(id, states.get(id));
      } catch {
        // The store says itself that it is away.
      }
      if (urgent.size + others.size > 0) await options.pause(urgent.size > 0);
    }
    looking = false;
  }

  function takeTurn(): number[] {
    const kept = Math.min(others.size, Math.ceil(maxKeys / 5));
    const first = firstKeys(urgent, maxKeys - kept);
    const ids = [...first, ...firstKeys(others, maxKeys - first.length)];
    for (const id of ids) {
      const watched = take(id)!;
      watched.looksFirst -= 1;
      put(id, watched);
    }
    return ids;
  }

  function take(id: number): Watched | undefined {
    const watched = urgent.get(id) ?? others.get(id);
    urgent.delete(id);
    others.delete(id);
    return watched;
  }

  function put(id: number, watched: Watched): void {
    (watched.looksFirst > 0 ? urgent : others).set(id, watched);
  }

  function tell(id: number, state: TaskState | undefined): void {
    for (const waiter of (urgent.get(id) ?? others.get(id))?.waiters ?? [])
      if (!isSameState(waiter.seen, state)) waiter.end({ state });
  }

  function add(id: number, waiter: Waiter): void {
    const watched = take(id) ?? { waiters: new Set(), looksFirst: 0 };
    watched.waiters.add(waiter);
    put(id, { ...watched, looksFirst });
    if (!looking) void look();
  }

  function remove(id: number, waiter: Waiter): void {
    const watched = urgent.get(id) ?? others.get(id);
    watched?.waiters.delete(waiter);
    if (watched?.waiters.size === 0) take(id);
  }

  return {
    next: (id, seen, signal) =>
      new Promise((resolve, reject) => {
        if (closedWith !== undefined) return reject(closedWith);
        if (signal.aborted) return reject(signal.reason as Error);
        const onAbort = () => waiter.end({ error: signal.reason });
        const waiter: Waiter = {
          seen,
          end(outcome) {
            remove(id, waiter);
            signal.removeEventListener('abort', onAbort);
            if ('error' in outcome) reject(outcome.error);
            else resolve(outcome.state);
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        add(id, waiter);
      }),
    hint(id) {
      const watched = take(id);
      if (watched !== undefined) put(id, { ...watched, looksFirst });
    },
    close(error) {
      closedWith = error;
      const waiters = [...urgent.values(), ...others.values()].flatMap((watched) => [...watched.waiters]);
      for (const waiter of waiters) waiter.end({ error });
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
