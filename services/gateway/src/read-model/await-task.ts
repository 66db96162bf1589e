import { hasEnded, type TaskDocument } from '@nask/schemas';
import { UnavailableError } from '../errors.ts';
import { stateOf, type TaskState } from './task-state.ts';
import { isVisible, type VisibleTaskDocument } from '../tasks/task-view.rules.ts';
import type { TaskWatch } from './task-watch.ts';

/** The time that a client would wait is over. */
export class WaitOverError extends Error {
  readonly code = 'WAIT_OVER';
}

export interface AwaitTaskPorts {
  next: TaskWatch['next'];
  /** Reads one document, as it is at the time of the call or later. */
  readTask(id: number): Promise<TaskDocument | undefined>;
}

export interface AwaitedTask {
  /** The task as it was last seen; undefined when it was not. */
  document: VisibleTaskDocument | undefined;
  /** Whether the wait ended before its time for a reason of ours: asking again may help. */
  isCutShort: boolean;
}

/**
 * Waits until a task has ended, or is as it is wanted, or the wait is over: then it is told as it is.
 * @param from the task as it is known; undefined: it may not be in the read model yet
 * @param signal ends the wait: with WaitOverError, or with what is thrown
 * @param isWanted looked at with each change; left out: the task has ended
 */
export async function awaitTask(
  ports: AwaitTaskPorts,
  id: number,
  from: VisibleTaskDocument | undefined,
  signal: AbortSignal,
  isWanted?: (document: VisibleTaskDocument) => boolean,
): Promise<AwaitedTask> {
  const mayBeWanted = (state: TaskState) => isWanted !== undefined || hasEnded(state.status);
  let document = from;
  let state = stateOf(from);
  try {
    while (document === undefined || !(isWanted?.(document) ?? hasEnded(document.status))) {
      state = await ports.next(id, state, signal);
      if (state === undefined) break;
      if (!mayBeWanted(state)) continue;
      const read = await ports.readTask(id);
      if (isVisible(read)) document = read;
    }
    return { document, isCutShort: false };
  } catch (error) {
    if (error instanceof WaitOverError) return { document, isCutShort: false };
    if (error instanceof UnavailableError) return { document, isCutShort: true };
    throw error;
  }
}
