import type { Context } from 'koa';
import { validTraceparent, type Correlation } from './correlation.ts';

/** What of a request goes into the events that it causes. */
export function correlationOf(ctx: Context): Correlation {
  return { requestId: ctx.state['requestId'] as string, traceparent: validTraceparent(ctx.get('traceparent')) };
}
