import { Ajv2020 } from 'ajv/dist/2020.js';
import { InvalidRequestError, OutcomeTooLargeError, type Fault } from '../errors.ts';
import { bodyProblems, readJson, type BodyLimits } from '../http/bodies.ts';
import { createRequestBound } from '../http/request-bounds.ts';
import { correlationOf, type Correlation } from '../http/observe.ts';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';
import { rfc3339Pattern, schemaFaults, schemaRef } from '../http/schema.rules.ts';
import { cursorAfter, maxCursorLength, parseCursor } from '../tasks/task-list.rules.ts';
import type { VisibleTaskDocument } from '../tasks/task-view.rules.ts';
import type { RedeliverOutcome } from './redeliver-outcome.ts';

/** Which webhooks are to be sent again: those given up, of tasks that ended in a span of time. */
export interface RedeliverySelection {
  /** Ended at or after this, in milliseconds since 1970. */
  fromMs: number;
  /** Ended before this. */
  toMs: number;
  state: 'FAILED';
  /** Tasks with a higher id than this. */
  afterId: number;
}

/** JSON Schema of the body of `POST /api/notifications/redeliver`. */
const redeliverySelectionSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['from', 'to', 'state'],
  additionalProperties: false,
  properties: {
    from: {
      type: 'string',
      pattern: rfc3339Pattern,
      description: 'Tasks that ended at or after this time (RFC 3339).',
    },
    to: { type: 'string', pattern: rfc3339Pattern, description: 'And before this time (RFC 3339).' },
    state: { enum: ['FAILED'], description: 'Webhooks in this state: those that were given up.' },
    cursor: { type: 'string', maxLength: maxCursorLength, description: 'Where the last answer left off.' },
  },
} as const;

export const redeliverFailedOperation: Operation = {
  operationId: 'redeliverFailedOutcomes',
  summary: 'Send again what was given up',
  description:
    'The outcomes of tasks that ended in a span of time and whose webhook was given up. Outcomes too large for one Kafka ' +
    'record are left out.',
  tags: ['webhooks'],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: schemaRef('RedeliverySelection'),
        examples: {
          'one day': { value: { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z', state: 'FAILED' } },
        },
      },
    },
  },
  responses: responses({ 202: jsonResponse('They will be sent again.', schemaRef('RedeliveryRequested')) }, [
    ...bodyProblems,
    'redelivery-uncertain',
    'read-model-unavailable',
  ]),
  schemas: {
    RedeliverySelection: redeliverySelectionSchema,
    RedeliveryRequested: {
      type: 'object',
      required: ['requested'],
      additionalProperties: false,
      properties: {
        requested: { type: 'integer', minimum: 0, description: 'How many outcomes will be sent again.' },
        cursor: { type: 'string', description: 'Where to go on. Present when there may be more.' },
      },
    },
  },
};

type RedeliverFailed = (
  selection: RedeliverySelection,
  correlation: Correlation,
  signal: AbortSignal,
) => Promise<{ requested: number; cursor?: string }>;

/** `POST /api/notifications/redeliver` */
export function redeliverFailed(
  api: {
    operations: { redeliverFailed: RedeliverFailed };
    /** How long one request may take. */
    redeliverWaitMs: number;
  } & BodyLimits,
): RouteHandler {
  return async (ctx) => {
    const selection = redeliverySelection(await readJson(ctx, api));
    const bound = createRequestBound(ctx.res, api.redeliverWaitMs);
    try {
      ctx.body = await api.operations.redeliverFailed(selection, correlationOf(ctx), bound.start());
    } finally {
      bound.end();
    }
    ctx.status = 202;
  };
}

/** How many tasks are read, and requested, at once: a result can have 209 KB. */
const pageSize = 100;

/**
 * Makes the function that requests the redelivery of all that is selected, page by page, up to `maxTasks`, or until the
 * signal fires. An outcome that is too large to be sent again is left out, so that it does not hold up those after it.
 * @returns how many, and where to go on when there may be more
 */
export function createFailedRedeliverer(ports: {
  /** That many of the tasks that are selected, ascending by id. */
  failed(selection: RedeliverySelection, limit: number): Promise<VisibleTaskDocument[]>;
  redeliver: RedeliverOutcome;
  maxTasks: number;
}): RedeliverFailed {
  const { maxTasks } = ports;

  async function redeliverIfFits(document: VisibleTaskDocument, correlation: Correlation): Promise<boolean> {
    try {
      await ports.redeliver(document, correlation);
      return true;
    } catch (error) {
      if (error instanceof OutcomeTooLargeError) return false;
      throw error;
    }
  }

  return async (selection, correlation, signal) => {
    let requested = 0;
    let { afterId } = selection;
    while (requested < maxTasks && !signal.aborted) {
      const limit = Math.min(pageSize, maxTasks - requested);
      const page = await ports.failed({ ...selection, afterId }, limit);
      const taken = await Promise.all(page.map((document) => redeliverIfFits(document, correlation)));
      requested += taken.filter(Boolean).length;
      if (page.length < limit) return { requested };
      afterId = page.at(-1)!._id;
    }
    return { requested, cursor: cursorAfter(afterId) };
  };
}

interface Body {
  from: string;
  to: string;
  state: 'FAILED';
  cursor?: string;
}

const isBody = new Ajv2020({ allErrors: true }).compile<Body>(redeliverySelectionSchema);

/** @throws InvalidRequestError with every fault */
export function redeliverySelection(body: unknown): RedeliverySelection {
  if (!isBody(body)) throw new InvalidRequestError(schemaFaults(isBody.errors ?? [], '').map(inWords));
  const fromMs = Date.parse(body.from);
  const toMs = Date.parse(body.to);
  const afterId = body.cursor === undefined ? 0 : parseCursor(body.cursor);
  const faults: Fault[] = [];
  if (fromMs > toMs) faults.push({ pointer: '/to', detail: 'must not be before /from' });
  if (afterId === undefined) faults.push({ pointer: '/cursor', detail: 'must be as it stands in the last answer' });
  if (faults.length > 0 || afterId === undefined) throw new InvalidRequestError(faults);
  return { fromMs, toMs, state: body.state, afterId };
}

function inWords(fault: Fault): Fault {
  if (!fault.detail.startsWith('must match pattern')) return fault;
  return { ...fault, detail: 'must be a time from 1970 on as in RFC 3339, e.g. 2026-11-24T18:30:00Z' };
}
