import type { Context } from 'koa';
import { WaitOverError, type AwaitedTask } from './await-task.ts';
import { waitPreference } from './prefer.ts';
import type { Places } from '../http/places.ts';
import { createRequestBound } from '../http/request-bound.ts';

export interface WaitLimits {
  /** The longest wait, in seconds: a longer one is shortened, and Preference-Applied says so. */
  maxWaitS: number;
  /** How many wait at once: for those above it the preference is not applied. */
  waitPlaces: Places;
}

/** What a client does that is told too early: the same again. */
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
