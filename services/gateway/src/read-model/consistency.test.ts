import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Position } from '@nask/kafka';
import { InvalidRequestError } from '../errors.ts';
import { consistencyToken, parseConsistencyTokens } from './consistency.ts';

const position = fc.record({
  topic: fc.constantFrom('tasks.requested', 'tasks.cancellation-requested', 'tasks.erased'),
  partition: fc.nat({ max: 99_999 }),
  offset: fc.maxSafeNat(),
});

const placeOf = ({ topic, partition }: Position) => `${topic}/${partition}`;

describe('a consistency token', () => {
  test('says the last position of each partition that was written to, also of several tokens', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(position, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        (writes) => {
          const read = parseConsistencyTokens(writes.map(consistencyToken).join(', '));
          for (const written of writes.flat())
            expect(read.some((found) => placeOf(found) === placeOf(written) && found.offset >= written.offset)).toBe(
              true,
            );
          expect(writes.flat()).toEqual(expect.arrayContaining(read));
        },
      ),
    );
  });

  test('that writes to one partition made is no longer than one of them', () => {
    const positions = Array.from({ length: 1_000 }, (_, offset) => ({
      topic: 'tasks.requested',
      partition: 1,
      offset,
    }));
    expect(consistencyToken(positions)).toBe(consistencyToken(positions.slice(-1)));
  });

  test.each([
    '',
    'x',
    'cjE',
    Buffer.from('r1.').toString('base64url'),
    Buffer.from('s1.1').toString('base64url'),
    Buffer.from('z1.1').toString('base64url'),
    Buffer.from('r1.10000000000000000').toString('base64url'),
    'x'.repeat(10_000),
  ])('%j is none of ours', (header) => {
    expect(() => parseConsistencyTokens(header)).toThrow(InvalidRequestError);
    expect(() => parseConsistencyTokens(header)).toThrow('Consistency-Token must be as it stands');
  });
});
