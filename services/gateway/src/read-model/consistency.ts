import type { Context, Next } from 'koa';
import type { Position } from '@nask/kafka';
import type { TopicName } from '@nask/schemas';
import { InvalidRequestError, UnavailableError } from '../errors.ts';
import { createRequestBound } from '../http/request-bounds.ts';
import type { RouteHandler, ParameterObject } from '../http/route.ts';

/** The header that carries tokens, in answers to writes and in reads. */
const consistencyTokenHeader = 'Consistency-Token';

/** What the gateway writes and the projector reads, and what each topic is called in a token. */
const codes = {
  'tasks.requested': 'r',
  'tasks.cancellation-requested': 'c',
  'tasks.erased': 'e',
} as const satisfies Partial<Record<TopicName, string>>;
const topicOfCode = new Map<string, string>(Object.entries(codes).map(([topic, code]) => [code, topic]));

/** The longest header that is read, in characters. */
const maxTokensLength = 4_096;

/**
 * Says what a read must have seen that is to see these writes. Of several in one partition the last says it all.
 * @returns for clients, who are not to look into it
 */
export function consistencyToken(positions: readonly Position[]): string {
  const last = new Map<string, number>();
  for (const { topic, partition, offset } of positions) {
    const key = `${codes[topic as keyof typeof codes]}${partition}`;
    last.set(key, Math.max(offset, last.get(key) ?? -1));
  }
  return Buffer.from([...last].map(([key, offset]) => `${key}.${offset}`).join(',')).toString('base64url');
}

/**
 * Reads the header of a request: one token, or several, separated by commas.
 * @throws InvalidRequestError when it is none of ours
 */
export function parseConsistencyTokens(header: string): Position[] {
  const tokens = header.length > maxTokensLength ? [''] : header.split(',');
  const positions = tokens
    .flatMap((token) => Buffer.from(token.trim(), 'base64url').toString().split(','))
    .map(positionOf);
  const known = positions.filter((position) => position !== undefined);
  if (known.length === positions.length) return known;
  throw new InvalidRequestError([
    {
      parameter: consistencyTokenHeader,
      detail: 'must be as it stands in the answer to a write, or several, separated by commas',
    },
  ]);
}

function positionOf(text: string): Position | undefined {
  const [, code = '', partition, digits] = /^([a-z])(\d{1,5})\.(\d{1,16})$/.exec(text) ?? [];
  const topic = topicOfCode.get(code);
  const offset = Number(digits);
  if (topic === undefined || !Number.isSafeInteger(offset)) return undefined;
  return { topic, partition: Number(partition), offset };
}

/** Resolves when the read model has what is written at these positions. */
export type ReachPositions = (positions: readonly Position[], signal: AbortSignal) => Promise<void>;

export interface ConsistentReadApi {
  operations: { reach: ReachPositions };
  /** How long a read waits for the read model. */
  readWaitMs: number;
}

/**
 * Makes a read at least as new as the tokens that it is given, or answers 503 after the bound. Costs nothing without.
 */
export function consistentRead({ operations, readWaitMs }: ConsistentReadApi): RouteHandler {
  async function readAfter(positions: readonly Position[], ctx: Context, next: Next): Promise<void> {
    const bound = createRequestBound(ctx.res, readWaitMs, () => behind(readWaitMs));
    try {
      await operations.reach(positions, bound.start());
    } finally {
      bound.end();
    }
    await next();
  }

  return (ctx, next) => {
    const header = ctx.get(consistencyTokenHeader);
    return header === '' ? next() : readAfter(parseConsistencyTokens(header), ctx, next);
  };
}

/** Gives the client what makes its reads as new as these writes. */
export function setConsistencyToken(ctx: Context, positions: readonly Position[]): void {
  if (positions.length > 0) ctx.set(consistencyTokenHeader, consistencyToken(positions));
}

function behind(readWaitMs: number): UnavailableError {
  return new UnavailableError(
    'READ_MODEL_BEHIND',
    `The read model did not reach the position of the ${consistencyTokenHeader} within ${readWaitMs} ms.`,
  );
}

export const consistencyTokenParameter: ParameterObject = {
  name: consistencyTokenHeader,
  in: 'header',
  description:
    'From the answer to a write, or several, separated by commas: the answer is at least as new as that, or 503 after a bound. A read by id right after a POST needs none.',
  schema: { type: 'string', maxLength: maxTokensLength },
};

/** The answer to a write has it. */
export const tokenHeader = { 'Consistency-Token': { $ref: '#/components/headers/Consistency-Token' } };

/** What a read that may wait for the read model can be answered. */
export const readProblems = ['read-model-unavailable', 'read-model-behind', 'validation'] as const;
