import type { GateLoad } from './fair-gate.ts';
import type { Handler, HandlerContext, HandlerLogger } from '../task-types/handler.ts';
import type { RunResult } from './run-result.rules.ts';

/** A way to run handlers, with a limit of its own. */
export interface Lane {
  /** Whether TaskStarted has to be acknowledged before a run: not where a run takes less time than that. */
  readonly startsAfterAcknowledgement: boolean;
  /** How many tasks it runs, and how many stand in line for it. */
  load(): GateLoad;
  /**
   * Waits for a place.
   * @param type the task type; types take turns
   * @returns gives the place back
   * @throws the signal's reason
   */
  enter(type: string, signal: AbortSignal): Promise<() => void>;
  /**
   * Runs a handler; whatever it does is a result.
   * @throws the signal's reason, at once, when it is aborted: the work is stopped
   */
  run(work: Work): Promise<RunResult>;
}

export type LaneName = 'inline' | 'waiting' | 'thread';
export type Lanes = Readonly<Record<LaneName, Lane>>;

export interface Work {
  readonly handler: Handler;
  readonly payload: unknown;
  readonly signal: HandlerContext['signal'];
  readonly attempt: number;
  /** When the attempt first began, ms since 1970. */
  readonly startedAtMs: number;
  /** Called when the handler begins: in its thread, or in its turn. */
  readonly onBegin: () => void;
  readonly onReport: (report: HandlerReport) => void;
}

/** What a running handler reports. */
export type HandlerReport =
  | { readonly kind: 'progress'; readonly fraction: number }
  | { readonly kind: 'log'; readonly level: keyof HandlerLogger; readonly message: string };

const progressIntervalMs = 1_000;
const maxLogLines = 100;
const maxLineLength = 2_000;

/**
 * The context that a handler runs with. It bounds what the handler reports: progress at most once a second and not in
 * the first one (so short runs report none), 100 log lines a run, of 2,000 characters each. The rest is dropped.
 * @param nowMs a clock that does not jump
 */
export function handlerContext(
  signal: AbortSignal,
  report: (report: HandlerReport) => void,
  { attempt, startedAtMs }: Pick<HandlerContext, 'attempt' | 'startedAtMs'>,
  nowMs: () => number = () => performance.now(),
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
