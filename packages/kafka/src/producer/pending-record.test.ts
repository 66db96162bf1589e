import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { anyCharacter } from '@nask/testkit/any-text';
import { recordSizeBytes } from './pending-record.ts';

/** What kafkajs writes a record with. It has no types. */
const encodeRecord = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/record/v0') as (
  record: object,
) => { size(): number };

const text = fc.string({ unit: anyCharacter, maxLength: 300 });

describe('the size of a record', () => {
  test('is never less than what kafkajs writes, and little more', () => {
    const headers = fc.dictionary(text, text, { maxKeys: 5 });
    const value = fc.uint8Array({ maxLength: 20_000 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(text, value, headers, fc.nat(2_000), (key, value, headers, offsetDelta) => {
        const written = encodeRecord({ key, value, headers, offsetDelta, timestampDelta: 5_000 }).size();
        const bound = recordSizeBytes({ topic: 't', key, value, headers });
        expect(bound).toBeGreaterThanOrEqual(written);
        expect(bound - written).toBeLessThan(40 + 10 * Object.keys(headers).length);
      }),
    );
  });
});
