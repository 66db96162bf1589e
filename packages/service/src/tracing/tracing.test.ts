import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadSettings } from '../settings/load-settings.ts';
import { createTracing, tracingSettings } from './tracing.ts';

const folder = mkdtempSync(join(tmpdir(), 'nask-tracing-'));
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const incoming = `00-${traceId}-00f067aa0ba902b7-01`;
const runTask = {
  name: 'run task',
  kind: 'consumer',
  traceparent: incoming,
  attributes: { 'nask.task_id': '5' },
} as const;

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
  test('off, the traceparent that came in is handed on', async () => {
    const tracing = await createTracing('test', loadSettings(tracingSettings, {}));
    expect(tracing.isOn).toBe(false);
    expect(await tracing.span(runTask, async (given) => given)).toBe(incoming);
  });

  test('on, work is a span of the trace that came in, and hands on the traceparent of that span', async () => {
    const { tracing, spans } = await toFile('on');
    const traceparent = await tracing.span(runTask, async (given) => given);
    const [span] = await spans();
    expect(span).toMatchObject({
      service: 'nask-test',
      name: 'run task',
      trace_id: traceId,
      parent_span_id: '00f067aa0ba902b7',
      attributes: { 'nask.task_id': '5' },
      failed: false,
    });
    expect(traceparent).toBe(`00-${traceId}-${String(span!.span_id)}-01`);
  });

  test('on, work that fails is a span that failed, and fails', async () => {
    const { tracing, spans } = await toFile('failing');
    await expect(tracing.span(runTask, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
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
