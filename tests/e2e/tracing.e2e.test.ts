import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, isolate, testServers, webhookReceiver, type WebhookReceiver } from '@nask/testkit';
import { startSystem, type System } from './system.ts';

interface Span {
  service: string;
  name: string;
  trace_id: string;
  span_id: string;
  parent_span_id?: string;
}

const folder = mkdtempSync(join(tmpdir(), 'nask-trace-'));
const file = join(folder, 'spans.jsonl');
let system: System;
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await webhookReceiver();
  system = await startSystem(isolate('tracing'), testServers(), { TRACING_EXPORTER: 'file', TRACING_FILE: file });
}, 120_000);

afterAll(async () => {
  await system?.close();
  await receiver?.close();
  rmSync(folder, { recursive: true });
}, 60_000);

test('a task is one trace, from its POST through Kafka to its webhook and on', async () => {
  const { body } = await system.client.post({ type: 'prime', notify_url: receiver.url, payload: { input: 100 } });
  const webhook = await receiver.waitFor(({ json }) => (json as { id: number }).id === body.id, { timeoutMs: 60_000 });
  const spans = await eventually(() => {
    const read = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    expect(read).toHaveLength(3);
    return read.map((line) => JSON.parse(line) as Span);
  });
  const of = (name: string) => spans.find((span) => span.name === name)!;
  const [accepted, run, delivered] = [of('accept task'), of('run task'), of('deliver webhook')];
  expect([accepted.service, run.service, delivered.service]).toEqual([
    'nask-gateway',
    'nask-executor',
    'nask-notifier',
  ]);
  expect(accepted.parent_span_id).toBeUndefined();
  expect([run.parent_span_id, delivered.parent_span_id]).toEqual([accepted.span_id, run.span_id]);
  expect(new Set(spans.map((span) => span.trace_id)).size).toBe(1);
  expect(webhook.headers.traceparent).toBe(`00-${accepted.trace_id}-${delivered.span_id}-01`);
}, 120_000);
