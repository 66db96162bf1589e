import { Ajv2020 } from 'ajv/dist/2020.js';
import { InvalidRequestError, type Fault } from '../errors.ts';
import { maxCursorLength, parseCursor } from '../tasks/page.ts';
import { rfc3339Pattern } from '../http/rfc3339.ts';
import { schemaFaults } from '../http/faults.rules.ts';

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

interface Body {
  from: string;
  to: string;
  state: 'FAILED';
  cursor?: string;
}

/** JSON Schema of the body of `POST /api/notifications/redeliver`. */
export const redeliverySelectionSchema = {
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
