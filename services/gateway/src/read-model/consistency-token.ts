import type { TopicName } from '@nask/schemas';
import { InvalidRequestError } from '../errors.ts';

/** Where a record is in the log. */
export interface LogPosition {
  topic: string;
  partition: number;
  offset: number;
}

/** The header that carries tokens, in answers to writes and in reads. */
export const consistencyTokenHeader = 'Consistency-Token';

/** What the gateway writes and the projector reads, and what each topic is called in a token. */
const codes = {
  'tasks.requested': 'r',
  'tasks.cancellation-requested': 'c',
  'tasks.erased': 'e',
} as const satisfies Partial<Record<TopicName, string>>;
const topicOfCode = new Map<string, string>(Object.entries(codes).map(([topic, code]) => [code, topic]));

/** The longest header that is read, in characters. */
export const maxTokensLength = 4_096;

/**
 * Says what a read must have seen that is to see these writes. Of several in one partition the last says it all.
 * @returns for clients, who are not to look into it
 */
export function consistencyToken(positions: readonly LogPosition[]): string {
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
export function parseConsistencyTokens(header: string): LogPosition[] {
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

function positionOf(text: string): LogPosition | undefined {
  const [, code = '', partition, digits] = /^([a-z])(\d{1,5})\.(\d{1,16})$/.exec(text) ?? [];
  const topic = topicOfCode.get(code);
  const offset = Number(digits);
  if (topic === undefined || !Number.isSafeInteger(offset)) return undefined;
  return { topic, partition: Number(partition), offset };
}
