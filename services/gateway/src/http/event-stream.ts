import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Context } from 'koa';

interface ServerSentEvent {
  id: string;
  event: string;
  /** One line of text. */
  data: string;
}

/** An answer of Server-Sent Events (HTML Standard, section 9.2) that is being sent. */
export interface EventStream {
  /** Resolves when there is room for the next one, so that nothing gathers here for a reader that is slow. */
  send(event: ServerSentEvent): Promise<void>;
  /** Ends the stream, with a last comment for people. */
  end(comment: string): void;
  /** Fires when the stream is over, whoever ended it. */
  readonly signal: AbortSignal;
}

export interface EventStreamOptions {
  /** How often a comment is sent, so that whoever is between knows that the stream is alive. */
  heartbeatMs: number;
}

/** How long clients wait before they connect again. */
const retryMs = 1_000;

/** Begins an answer of Server-Sent Events: it is the body of the context, sent when the middleware returns. */
export function openEventStream(ctx: Context, { heartbeatMs }: EventStreamOptions): EventStream {
  const body = new PassThrough();
  const over = new AbortController();
  const heartbeat = setInterval(() => {
    // A reader that does not read is not alive: the server's write time-out sees to it.
    if (!body.writableNeedDrain) write(':\n\n');
  }, heartbeatMs);
  ctx.res.once('close', () => {
    clearInterval(heartbeat);
    over.abort(new Error('The stream is closed.'));
  });
  ctx.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  ctx.status = 200;
  ctx.body = body;
  write(`retry: ${retryMs}\n\n`);

  function write(text: string): void {
    if (body.writableEnded || over.signal.aborted) return;
    body.write(text);
  }

  return {
    signal: over.signal,
    async send({ id, event, data }) {
      write(`id: ${id}\nevent: ${event}\ndata: ${data}\n\n`);
      if (body.writableNeedDrain) await once(body, 'drain', { signal: over.signal });
    },
    end(comment) {
      write(`: ${comment}\n\n`);
      clearInterval(heartbeat);
      body.end();
    },
  };
}
