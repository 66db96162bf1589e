import type { TaskRequested } from '@nask/schemas';
import type { Handler } from '../task-types/handler.ts';
import { failure, failureOf, type RunResult } from '../lanes/run-result.rules.ts';
import type { LaneName } from '../lanes/lane.ts';
import type { LoadedType } from '../task-types/load-handlers.ts';

/**
 * What to do with a requested task: nothing here, for its type is unknown; end it at once with a failure; or run its
 * handler in one of three lanes. `inline`: in the main thread, between other work; `waiting`: in the main thread,
 * beside other work; `thread`: in a thread.
 */
export type Decision =
  | { readonly kind: 'unknown-type' }
  | { readonly kind: 'refuse'; readonly result: RunResult }
  | {
      readonly kind: 'run';
      readonly lane: LaneName;
      readonly handler: Handler;
      readonly payload: unknown;
      /** How long the work takes, where its handler knows. */
      readonly durationMs: number | undefined;
    };

type Run = Extract<Decision, { kind: 'run' }>;

/**
 * Decides what to do with a task. The payload is checked here although the gateway did: the request may come from
 * elsewhere.
 * @param types the task types that this executor can run, by name
 * @param mayHaveBegun whether a process that died may have been running it: then nothing of it runs before its start is in
 *   the log, not even a tiny computation
 */
export function decide(request: TaskRequested, types: ReadonlyMap<string, LoadedType>, mayHaveBegun = false): Decision {
  const type = types.get(request.type);
  if (type === undefined) return { kind: 'unknown-type' };
  const { handler, checkPayload } = type;
  const payload = parse(request.payload);
  if (payload === undefined) return refuse('invalid-payload', 'The payload is not JSON.');
  const fault = checkPayload(payload.value);
  if (fault !== null) return refuse('invalid-payload', fault);
  try {
    return { kind: 'run', handler, payload: payload.value, ...planOf(handler, payload.value, mayHaveBegun) };
  } catch (error) {
    return { kind: 'refuse', result: failureOf(error) };
  }
}

function planOf(handler: Handler, payload: unknown, mayHaveBegun: boolean): Pick<Run, 'lane' | 'durationMs'> {
  if (handler.kind === 'wait') return { lane: 'waiting', durationMs: handler.durationMs?.(payload) };
  const isInline = !mayHaveBegun && handler.isTiny?.(payload) === true;
  return { lane: isInline ? 'inline' : 'thread', durationMs: undefined };
}

function refuse(code: string, message: string): Decision {
  return { kind: 'refuse', result: failure(code, message) };
}

function parse(json: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(json) };
  } catch {
    return undefined;
  }
}
