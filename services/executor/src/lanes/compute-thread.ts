import { pathToFileURL } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import type { Handler } from '../task-types/handler.ts';
import { handlerContext, type HandlerReport } from './lane.ts';
import { runToResult, type RunResult } from './run-result.rules.ts';

/** One run, as it is given to a thread. */
export interface ThreadJob {
  /** Absolute path of the module whose default export is the handler. */
  readonly handlerFile: string;
  readonly payload: unknown;
  readonly attempt: number;
  /** When the attempt first began, ms since 1970. */
  readonly startedAtMs: number;
  /** Where its reports go (`HandlerReport`). */
  readonly reports: MessagePort;
}

// A thread is stopped from outside, as a whole.
const neverAborted = new AbortController().signal;

/** What a thread of the pool does with a job. The result is made here, for errors lose their fields on the way out. */
export default function runInThread({ handlerFile, payload, reports, ...attempt }: ThreadJob): Promise<RunResult> {
  const report = (report: HandlerReport) => reports.postMessage(report, []);
  return runToResult(async () => {
    const { default: handler } = (await import(pathToFileURL(handlerFile).href)) as { default: Handler };
    return handler.run(payload, handlerContext(neverAborted, report, attempt));
  });
}
