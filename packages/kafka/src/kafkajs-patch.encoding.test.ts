import { createRequire } from 'node:module';
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '@nask/testkit/any-text';

/** What patches/kafkajs+2.2.4.patch changes in how kafkajs writes records and requests. */

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as (new (size?: number) => Encoder) & {
  sizeOfVarInt(value: number): number;
  sizeOfVarLong(value: number): number;
};
const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => Decoder;
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => Encoder;
const encodeProduceRequest = require('kafkajs/src/protocol/requests/produce/v7/request') as (request: object) => {
  encode(): Promise<Encoder>;
};
const decodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/decoder') as (
  decoder: Decoder,
  batch: object,
) => { headers: object };

interface Encoder {
  writeVarInt(value: number): Encoder;
  writeVarLong(value: number): Encoder;
  readonly buffer: Buffer;
}

interface Decoder {
  readVarInt(): number;
  readVarLong(): { toString(): string };
  offset: number;
}

describe('the encoding of records, patched', () => {
  const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

  test('variable-length integers have the bytes of the specification', () => {
    // https://protobuf.dev/programming-guides/encoding/#signed-ints, which is Kafka's encoding as well.
    const bytes = (value: number) => [...new Encoder().writeVarInt(value).buffer];
    expect([0, -1, 1, -2, 150, 2 ** 31 - 1, -(2 ** 31)].map(bytes)).toEqual([
      [0],
      [1],
      [2],
      [3],
      [0xac, 0x02],
      [0xfe, 0xff, 0xff, 0xff, 0x0f],
      [0xff, 0xff, 0xff, 0xff, 0x0f],
    ]);
  });

  test('they are read as they were written, have the size that was said, and fit into any buffer', () => {
    fc.assert(
      fc.property(fc.array(int32, { maxLength: 40 }), fc.maxSafeInteger(), (values, long) => {
        const encoder = new Encoder(1);
        for (const value of values) encoder.writeVarInt(value);
        encoder.writeVarLong(long);
        const decoder = new Decoder(encoder.buffer);
        for (const value of values) {
          const from = decoder.offset;
          expect(decoder.readVarInt()).toBe(value);
          expect(decoder.offset - from).toBe(Encoder.sizeOfVarInt(value));
        }
        const from = decoder.offset;
        expect(decoder.readVarLong().toString()).toBe(String(long));
        expect(decoder.offset - from).toBe(Encoder.sizeOfVarLong(long));
      }),
    );
  });

  test('a record is read as it was written, and its length is its length', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    // Among the strings are names of what all objects have.
    const text = fc.option(fc.string({ maxLength: 200, unit: anyCharacter }));
    const headers = fc.dictionary(fc.string(), fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 })), {
      noNullPrototype: true,
    });
    const valueOf = (text: string | null) => (text === null ? null : Buffer.from(text));
    fc.assert(
      fc.property(int32, fc.nat(), bytes, bytes, headers, (timestampDelta, offsetDelta, key, value, headers) => {
        const { buffer } = encodeRecord({ timestampDelta, offsetDelta, key, value, headers });
        const decoder = new Decoder(buffer);
        expect(decoder.readVarInt()).toBe(buffer.length - decoder.offset);
        const decoded = decodeRecord(decoder, { firstOffset: 0, firstTimestamp: 0 });
        expect(decoded).toMatchObject({ timestamp: String(timestampDelta), offset: String(offsetDelta), key, value });
        expect(Object.entries(decoded.headers)).toEqual(
          Object.entries(headers).map(([name, text]) => [
            name,
            Array.isArray(text) ? text.map(valueOf) : valueOf(text),
          ]),
        );
        expect(decoder.offset).toBe(buffer.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the memory of a request, patched', () => {
  /** A request with a record in memory that was full of this before. */
  async function encodedInMemoryOf(byte: number): Promise<Buffer> {
    const allocate = jest.spyOn(Buffer, 'allocUnsafe').mockImplementation((size) => Buffer.alloc(size, byte));
    try {
      const messages = [
        { key: '1', value: Buffer.alloc(2_000), headers: { a: 'b' }, timestamp: 1_000 },
        { value: null, timestamp: 1_000 },
      ];
      const topicData = [{ topic: 't', partitions: [{ partition: 0, firstSequence: 0, messages }] }];
      const { buffer } = await encodeProduceRequest({ acks: -1, timeout: 1, topicData }).encode();
      expect(allocate).toHaveBeenCalled();
      return Buffer.from(buffer);
    } finally {
      allocate.mockRestore();
    }
  }

  test('nothing of what was in it before is sent', async () => {
    expect(await encodedInMemoryOf(0xff)).toEqual(await encodedInMemoryOf(0));
  });
});
