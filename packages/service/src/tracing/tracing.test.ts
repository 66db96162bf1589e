import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadSettings } from '../settings/load-settings.ts';
import { tracedHandler } from './traced-handler.ts';
import { createTracing, tracingSettings } from './tracing.ts';

const folder = mkdtempSync(join(tmpdir(), 'nask-tracing-'));
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const incoming = `00-${traceId}-00f067aa0ba902b7-01`;
const record = { topic: 'tasks.requested', partition: 1, offset: 7, key: '5', headers: { traceparent: incoming } };

afterAll(() => rmSync(folder, { recursive: true }));

async function toFile(name: string, env: Record<string, string> = {}) {
  const file = join(folder, name);
  const settings = loadSettings(tracingSettings, { TRACING_EXPORTER: 'file', TRACING_FILE: file, ...env });
  const tracing = await createTracing('test', settings);
  const spans = async () => {
    await tracing.component.stop?.({ graceMs: 1_000 });
    const lines = readFileSync(file, { encoding: 'utf8', flag: 'a+' }).split('\n');
    return lines.filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { tracing, spans };
}

describe('tracing', () => {
  test('off, it is the handler itself, and what came in is handed on', async () => {
    const tracing = await createTracing('test', loadSettings(tracingSettings, {}));
    const handle = async () => 1;
    expect(tracedHandler(tracing, 'work', handle)).toBe(handle);
    const handedOn = tracing.span({ name: 'a', kind: 'server', traceparent: incoming }, async (given) => given);
    expect(await handedOn).toBe(incoming);
  });

  test('on, work on a record is a span of the trace in its headers, and what it writes names that span', async () => {
    const { tracing, spans } = await toFile('on');
    const handle = tracedHandler(tracing, 'run task', async ({ headers }: typeof record, _context: null) => headers);
    const headers = await handle(record, null);
    const [span] = await spans();
    expect(span).toMatchObject({
      service: 'nask-test',
      name: 'run task',
      trace_id: traceId,
      parent_span_id: '00f067aa0ba902b7',
      failed: false,
    });
    expect(headers.traceparent).toBe(`00-${traceId}-${String(span!.span_id)}-01`);
  });

  test('on, work that fails is a span that failed, and fails', async () => {
    const { tracing, spans } = await toFile('failing');
    const handle = tracedHandler(tracing, 'run task', () => Promise.reject(new Error('no')));
    await expect(handle(record, null)).rejects.toThrow('no');
    expect(await spans()).toEqual([expect.objectContaining({ failed: true })]);
  });

  test('a client that does not want its trace to be kept is heard, and so is the share of the others', async () => {
    const { tracing, spans } = await toFile('sampled', { TRACING_SAMPLE_PERCENT: '0' });
    const unwanted = incoming.replace(/01$/, '00');
    for (const traceparent of [unwanted, undefined, 'nonsense'])
      await tracing.span({ name: 'a', kind: 'server', traceparent }, async () => undefined);
    await tracing.span({ name: 'wanted', kind: 'server', traceparent: incoming }, async () => undefined);
    expect((await spans()).map(({ name }) => name)).toEqual(['wanted']);
  });
});
