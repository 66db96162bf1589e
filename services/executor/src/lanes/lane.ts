import type { GateLoad } from './fair-gate.ts';
import type { Handler, HandlerContext } from '../task-types/handler.ts';
import type { HandlerReport } from './handler-context.ts';
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

export interface Work {
  readonly handler: Handler;
  readonly payload: unknown;
  readonly signal: HandlerContext['signal'];
  readonly attempt: number;
  /** When the attempt first began, ms since 1970. */
  readonly startedAtMs: number;
  /** Told when the handler begins: in its thread, or in its turn. */
  readonly onBegin: () => void;
  readonly onReport: (report: HandlerReport) => void;
}
