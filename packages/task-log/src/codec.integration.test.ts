import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, isolate, startOwnRegistry, testServers, type OwnServer } from '@nask/testkit';
import { avroSchemas, eventExamples, eventWithDefaults, type EventName } from '@nask/schemas';
import type { schema } from 'avsc';
import { connectKafka } from '@nask/kafka';
import { silentLogger } from '@nask/kafka/testing/silent-logger.ts';
import { createEventCodec, eventTopics, subjectOf, UndecodableError, type EventCodec } from './codec.ts';
import { applyContract } from './contract/apply-contract.ts';
import { avroTypeOf, createEncoder } from './registry/wire-format.ts';
import { createRegistryClient } from './registry/registry.ts';

const { topicPrefix } = isolate('codec');
const started = eventWithDefaults('TaskStarted', {
  event_id: 'e',
  task_id: 7,
  attempt: 1,
  executor: 'x',
  started_at: 1_700_000_000_000,
});

let own: OwnServer;
let codec: EventCodec;

beforeAll(async () => {
  own = await startOwnRegistry();
  const connection = connectKafka({ ...testServers(), clientId: 'test', topicPrefix, logger: silentLogger });
  const topics = { partitions: 1, replicationFactor: 1, documentRetentionDays: 30 };
  await applyContract({ connection, registryUrl: own.address, topics, logger: silentLogger });
  codec = newCodec();
  await codec.start();
}, 120_000);

afterAll(() => own?.close(), 30_000);

function newCodec(): EventCodec {
  return createEventCodec({ registryUrl: own.address, topicPrefix, logger: silentLogger });
}

/** Registers another version of an event's schema, and makes what encodes with it. */
async function otherVersion(topic: (typeof eventTopics)[number], event: EventName, field: object) {
  const original = avroSchemas[event];
  const changed = { ...original, fields: [...original.fields, field] } as schema.RecordType;
  const registry = createRegistryClient({ url: own.address });
  return createEncoder(avroTypeOf(changed), await registry.register(subjectOf(topicPrefix, topic), changed));
}

describe('the codec', () => {
  test('an event comes back as it was, without asking anybody', () => {
    const decoded = codec.decode('tasks.started', codec.encode('tasks.started', started));
    expect(decoded).not.toBeInstanceOf(Promise);
    expect({ ...(decoded as object) }).toEqual(started);
  });

  test('what does not match the schema is refused before it is written', () => {
    expect(() => codec.encode('tasks.started', { ...started, attempt: '1' } as never)).toThrow('TaskStarted.attempt');
    expect(() => codec.encode('tasks.started', { ...started, more: 1 } as never)).toThrow('TaskStarted.more');
  });

  test('a reserved topic is neither encoded nor decoded', () => {
    const [request] = eventExamples('TaskRequested').values();
    expect(() => codec.encode('tasks.scheduled', request!)).toThrow('tasks.scheduled is reserved');
    const value = codec.encode('tasks.requested', request!);
    expect(() => codec.decode('tasks.scheduled', value)).toThrow('tasks.scheduled is reserved');
    expect({ ...(codec.decode('tasks.requested', value) as object) }).toEqual(request);
  });

  test('before its start it encodes nothing', () => {
    expect(() => newCodec().encode('tasks.started', started)).toThrow('The codec is not started');
  });

  test('a later version of the schema is read as ours, once the registry was asked', async () => {
    const encode = await otherVersion('tasks.started', 'TaskStarted', { name: 'host', type: 'string', default: '' });
    const values = [1, 2, 3].map((attempt) => encode({ ...started, attempt, host: 'h' }));
    const decoded = await Promise.all(values.map(async (value) => codec.decode('tasks.started', value)));
    expect(decoded.map((event) => ({ ...event }))).toEqual([1, 2, 3].map((attempt) => ({ ...started, attempt })));
    expect(codec.decode('tasks.started', values[0]!)).not.toBeInstanceOf(Promise);
  });

  test.each<[string, () => Buffer | null]>([
    ['nothing', () => null],
    ['an empty value', () => Buffer.alloc(0)],
    ['four bytes', () => Buffer.alloc(4)],
    ['JSON', () => Buffer.from('{"task_id":7}')],
    ['a value cut short', () => codec.encode('tasks.started', started).subarray(0, -1)],
    ['a value with more behind it', () => Buffer.concat([codec.encode('tasks.started', started), Buffer.alloc(1)])],
    ['a schema id that the registry does not know', () => Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1])],
    ['a negative schema id', () => Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1])],
    ['an event of another kind', () => codec.encode('task-id-leases', { gateway: 'g', leased_at: 1 })],
  ])('%s is undecodable', async (_, value) => {
    await expect((async () => codec.decode('tasks.started', value()))()).rejects.toBeInstanceOf(UndecodableError);
  });

  test('a subject without our schema stops the start, and says what to do', async () => {
    const elsewhere = createEventCodec({
      registryUrl: own.address,
      topicPrefix: `${topicPrefix}other.`,
      logger: silentLogger,
    });
    await expect(elsewhere.start()).rejects.toMatchObject({
      code: 'CONTRACT_MISSING',
      message: expect.stringContaining('npm run contract'),
    });
  });
});

describe('the codec without its registry', () => {
  test('goes on with the schemas it knows, waits for those it does not, and starts once the registry is back', async () => {
    const encode = await otherVersion('tasks.started', 'TaskStarted', { name: 'zone', type: 'string', default: '' });
    await own.stop();

    const known = codec.encode('tasks.started', started);
    expect({ ...(await codec.decode('tasks.started', known)) }).toEqual(started);
    const unknown = encode({ ...started, zone: 'z' });
    await expect(codec.decode('tasks.started', unknown)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });

    const late = newCodec();
    const starting = late.start();
    const stopping = new AbortController();
    const abandoned = expect(newCodec().start({ signal: stopping.signal })).rejects.toThrow('aborted');
    stopping.abort();
    await abandoned;

    await own.start();
    await starting;
    expect(late.encode('tasks.started', started)).toEqual(known);
    await eventually(async () => expect({ ...(await codec.decode('tasks.started', unknown)) }).toEqual(started));
  }, 120_000);
});
