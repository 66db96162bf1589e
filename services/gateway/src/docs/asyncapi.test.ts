import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import {
  activeTopics,
  avroSchemas,
  eventExamples,
  reservedTopics,
  topics,
  type EventName,
  type Topic,
} from '@nask/schemas';
import { eventHeaders } from '@nask/task-log';
import { startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import { asyncApiDocument, eventHeadersSchema, keySchemas } from './asyncapi.ts';

const specification = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json');
const isAsyncApi = new Ajv({ strict: false, validateFormats: false, logger: false }).compile(
  JSON.parse(readFileSync(specification, 'utf8')) as object,
);

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

describe('the AsyncAPI document', () => {
  test('is served, and is valid AsyncAPI 3.0', async () => {
    const answer = await api.call('GET', '/asyncapi.json');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    const document = answer.json();
    expect([isAsyncApi(document), isAsyncApi.errors]).toEqual([true, null]);
    expect(isAsyncApi({ ...document, channels: { x: { address: 7 } } })).toBe(false);
    expect(isAsyncApi({ ...document, operations: { x: { action: 'shout' } } })).toBe(false);
  });

  test('all its references lead somewhere', () => {
    const document = asyncApiDocument('a.');
    for (const [, path] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = path!
        .split('/')
        .reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], document);
      expect([path, target]).toEqual([path, expect.any(Object)]);
    }
  });

  interface Document {
    channels: Record<
      string,
      {
        address: string;
        description: string;
        'x-reserved'?: boolean;
        messages: Record<string, Message>;
        bindings: { kafka: { topicConfiguration?: unknown } };
      }
    >;
    operations: Record<string, { action: string; channel: { $ref: string } }>;
    components: { messages: Record<string, Message & { payload: { schema: unknown }; examples: unknown }> };
  }
  interface Message {
    $ref?: string;
    bindings: { kafka: { key: unknown } };
  }
  const document = () => asyncApiDocument('staging.') as unknown as Document;

  test('has every topic of the catalogue, under its full name, with its event and the services that write and read it', () => {
    const { channels, operations, components } = document();
    expect(Object.keys(channels)).toEqual(Object.keys(topics));
    for (const [name, { event }] of Object.entries(topics)) {
      expect(channels[name]?.address).toBe(`staging.${name}`);
      expect(Object.keys(channels[name]!.messages)).toEqual([event ?? 'original']);
    }
    const expected = Object.entries(activeTopics).flatMap(([name, { producers, consumers }]) => [
      ...producers.map((service) => [`${service}-send-${name}`, 'send']),
      ...consumers.map((service) => [`${service}-receive-${name}`, 'receive']),
    ]);
    expect(Object.entries(operations).map(([name, { action }]) => [name, action])).toEqual(expected);
    for (const [event, schema] of Object.entries(avroSchemas))
      expect(components.messages[event]?.payload.schema).toEqual(schema);
  });

  test('given a reserved topic, then its channel is marked, and has no operation', () => {
    const { channels, operations } = document();
    for (const [name, { description, 'x-reserved': isReserved }] of Object.entries(channels))
      expect([name, isReserved === true, description.startsWith('Reserved, not created yet. ')]).toEqual([
        name,
        name in reservedTopics,
        name in reservedTopics,
      ]);
    const targets = new Set(Object.values(operations).map(({ channel }) => channel.$ref));
    expect(Object.keys(reservedTopics).filter((name) => targets.has(`#/channels/${name}`))).toEqual([]);
  });

  test('each message has the schema of its key', () => {
    const { channels, components } = document();
    for (const [name, { event, key }] of Object.entries<Topic>(topics)) {
      const message = event === null ? channels[name]!.messages['original']! : components.messages[event]!;
      expect([name, message.bindings.kafka.key]).toEqual([name, keySchemas[key]]);
    }
  });

  test('the examples have keys of that schema', () => {
    const ajv = new Ajv({ validateFormats: false });
    for (const { event, key, keyField } of Object.values<Topic>(topics)) {
      if (event === null || keyField === undefined) continue;
      const isKey = ajv.compile(keySchemas[key]);
      for (const example of eventExamples(event).values())
        expect([event, isKey(String((example as unknown as Record<string, unknown>)[keyField]))]).toEqual([
          event,
          true,
        ]);
    }
    expect(ajv.validate(keySchemas['task id, decimal'], '07')).toBe(false);
    expect(ajv.validate(keySchemas['dead letter'], 'gateway/1')).toBe(false);
  });

  test('a compacted topic says how Kafka removes its records', () => {
    const configured = Object.entries(document().channels).flatMap(([name, { bindings }]) =>
      bindings.kafka.topicConfiguration === undefined ? [] : [[name, bindings.kafka.topicConfiguration]],
    );
    expect(Object.fromEntries(configured)).toEqual({
      'tasks.deferred': { 'cleanup.policy': ['compact', 'delete'] },
      'workers.reported': { 'cleanup.policy': ['compact'] },
      'schedules.changed': { 'cleanup.policy': ['compact'] },
    });
  });

  test('each event has its examples', () => {
    for (const [event, { examples }] of Object.entries(document().components.messages))
      expect(examples).toEqual([...eventExamples(event as EventName)].map(([name, payload]) => ({ name, payload })));
    expect(isAsyncApi(asyncApiDocument(''))).toBe(true);
  });

  test('describes the headers that events have', () => {
    const areHeaders = new Ajv({ validateFormats: false }).compile({
      ...eventHeadersSchema,
      additionalProperties: false,
    });
    const headers = eventHeaders({
      id: 'e1',
      type: 'TaskStarted',
      source: '/nask/executor',
      subject: '7',
      timeMs: 1_700_000_000_123,
      requestId: 'req-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    expect(areHeaders(headers)).toBe(true);
    expect(areHeaders({ ...headers, ce_specversion: '0.3' })).toBe(false);
  });
});
