import { hash } from 'node:crypto';
import type { Context } from 'koa';
import { viewOf, type VisibleTaskDocument } from './task-view.rules.ts';

/** Answers with a task, and its entity tag: the same for the same bytes, whichever gateway answers. */
export function answerTask(ctx: Context, document: VisibleTaskDocument): void {
  const body = JSON.stringify(viewOf(document));
  ctx.status = 200;
  ctx.type = 'json';
  ctx.body = body;
  ctx.set('ETag', `"${hash('sha1', body, 'base64url')}"`);
  ctx.set('Cache-Control', 'private, no-cache');
}
