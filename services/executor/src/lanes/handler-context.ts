import type { HandlerContext, HandlerLogger } from '../task-types/handler.ts';

/** What a running handler tells about itself. */
export type HandlerReport =
  | { readonly kind: 'progress'; readonly fraction: number }
  | { readonly kind: 'log'; readonly level: keyof HandlerLogger; readonly message: string };

const progressIntervalMs = 1_000;
const maxLogLines = 100;
const maxLineLength = 2_000;

/**
 * The context that a handler runs with. It bounds what the handler tells: progress at most once a second and not in
 * the first one (so short runs report none), 100 log lines a run, of 2,000 characters each. The rest is dropped.
 * @param nowMs a clock that does not jump
 */
export function handlerContext(
  signal: AbortSignal,
  report: (report: HandlerReport) => void,
  nowMs: () => number,
  { attempt, startedAtMs }: Pick<HandlerContext, 'attempt' | 'startedAtMs'>,
): HandlerContext {
  let lastProgressMs = nowMs();
  let linesLeft = maxLogLines;

  const line = (level: keyof HandlerLogger) => (message: string) => {
    if (linesLeft-- > 0) report({ kind: 'log', level, message: message.slice(0, maxLineLength) });
  };

  return {
    signal,
    progress: (fraction) => {
      const now = nowMs();
      if (!(fraction >= 0 && fraction <= 1) || now - lastProgressMs < progressIntervalMs) return;
      lastProgressMs = now;
      report({ kind: 'progress', fraction });
    },
    logger: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    attempt,
    startedAtMs,
  };
}
