import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { avroSchemas, topics } from '@nask/schemas';
import { eventHeaders } from '@nask/task-log';
import { startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import { asyncApiDocument, eventHeadersSchema } from './asyncapi.ts';

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

  test('has every topic of the catalogue, under its full name, with its event and who writes and reads it', () => {
    const { channels, operations, components } = asyncApiDocument('staging.') as {
      channels: Record<string, { address: string; messages: Record<string, unknown> }>;
      operations: Record<string, { action: string }>;
      components: { messages: Record<string, { payload: { schema: unknown } }> };
    };
    expect(Object.keys(channels)).toEqual(Object.keys(topics));
    for (const [name, { event, producers, consumers }] of Object.entries(topics)) {
      expect(channels[name]?.address).toBe(`staging.${name}`);
      expect(Object.keys(channels[name]!.messages)).toEqual([event ?? 'original']);
      for (const service of producers) expect(operations[`${service}-send-${name}`]?.action).toBe('send');
      for (const service of consumers) expect(operations[`${service}-receive-${name}`]?.action).toBe('receive');
    }
    for (const [event, schema] of Object.entries(avroSchemas))
      expect(components.messages[event]?.payload.schema).toEqual(schema);
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
