import type { Context } from 'koa';
import { hasEnded, type TaskDocument } from '@nask/schemas';
import { UnavailableError } from '../errors.ts';
import { createRequestBound, type Places } from '../http/request-bounds.ts';
import type { ParameterObject } from '../http/route.ts';
import { isVisible, type VisibleTaskDocument } from '../tasks/task-view.rules.ts';
import { stateOf, type TaskState } from './task-state.rules.ts';
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

interface AwaitedTask {
  /** The task as it was last seen; undefined when it was not. */
  document: VisibleTaskDocument | undefined;
  /** Whether the wait ended before its time for a reason of ours: asking again may help. */
  isCutShort: boolean;
}

/**
 * Waits until a task has ended or meets the condition, or the wait is over; returns the task as it is then.
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

/**
 * How long a client would like to wait, in seconds: `wait` of a Prefer header (RFC 7240, section 4.3). Of several the
 * first counts.
 * @returns undefined when there is none, or none that can be understood: such a preference is ignored
 */
export function waitPreference(header: string): number | undefined {
  if (header.length > 1_000) return undefined;
  const preferences = header.split(',').map((part) => part.split(';', 1)[0]!.trim());
  const wait = preferences.find((preference) => /^wait\s*=/i.test(preference));
  const [, digits] = /^wait\s*=\s*"?(\d{1,9})"?$/i.exec(wait ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export interface WaitLimits {
  /** The longest wait, in seconds: a longer one is shortened, and Preference-Applied has the shorter one. */
  maxWaitS: number;
  /** How many wait at once: for those above it the preference is not applied. */
  waitPlaces: Places;
}

/** Retry-After for a wait that was cut short. */
const retryAfterS = 1;

/**
 * Waits as the request prefers (RFC 7240): `Prefer: wait=N`. Preference-Applied says that it did, and for how long it
 * would have. A wait that is cut short says in Retry-After when to ask again.
 * @param wait resolves when there is something to tell, or with the signal
 * @returns undefined when the request does not prefer to wait, or cannot
 */
export async function preferredWait(
  ctx: Context,
  { maxWaitS, waitPlaces }: WaitLimits,
  wait: (signal: AbortSignal) => Promise<AwaitedTask>,
): Promise<AwaitedTask | undefined> {
  const wantedS = waitPreference(ctx.get('prefer'));
  const leave = wantedS === undefined ? undefined : waitPlaces.take();
  if (wantedS === undefined || leave === undefined) return undefined;
  const waitS = Math.min(wantedS, maxWaitS);
  const bound = createRequestBound(ctx.res, waitS * 1_000, () => new WaitOverError('The time to wait is over.'));
  try {
    const awaited = await wait(bound.start());
    if (awaited.isCutShort) ctx.set('Retry-After', String(retryAfterS));
    else ctx.set('Preference-Applied', `wait=${waitS}`);
    return awaited;
  } finally {
    bound.end();
    leave();
  }
}

export const preferParameter: ParameterObject = {
  name: 'Prefer',
  in: 'header',
  description:
    'RFC 7240. `wait=N`: the answer may take up to N seconds, until there is what is waited for. Preference-Applied says that it did wait, and how long it would have at most. What cannot be understood is ignored.',
  schema: { type: 'string', examples: ['wait=10'] },
};

export const appliedHeader = { 'Preference-Applied': { $ref: '#/components/headers/Preference-Applied' } };
