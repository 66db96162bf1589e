import type { Settings } from '../settings/load-settings.ts';
import type { Tracing } from './span.ts';
import { setting } from '../settings/kinds.ts';

/** For a service that has a part in a task's life. */
export const tracingSettings = {
  TRACING_EXPORTER: setting.oneOf(['none', 'otlp', 'file'], {
    describe: 'Where spans go: nowhere, to a collector (OTLP over HTTP), or into a file, a line of JSON each.',
    default: 'none',
  }),
  TRACING_OTLP_URL: setting.url({
    describe: 'Where the collector takes traces.',
    default: 'http://127.0.0.1:4318/v1/traces',
    protocols: ['http:', 'https:'],
  }),
  TRACING_FILE: setting.string({
    describe: 'File that spans are added to; for trying it out.',
    default: '/tmp/nask-spans.jsonl',
    maxLength: 4_096,
    pattern: /^\//,
    patternName: 'an absolute path',
  }),
  TRACING_SAMPLE_PERCENT: setting.integer({
    describe: 'How many of the traces that begin here are kept; a client that sends traceparent decides for its own.',
    default: 100,
    min: 0,
    max: 100,
    unit: '%',
  }),
};

/** Nothing is loaded and nothing is measured. */
export const noTracing: Tracing = {
  isOn: false,
  span: (options, work) => work(options.traceparent),
  component: { name: 'tracing' },
};

/** OpenTelemetry where the settings ask for it; its packages are loaded only then. */
export async function createTracing(service: string, settings: Settings<typeof tracingSettings>): Promise<Tracing> {
  if (settings.TRACING_EXPORTER === 'none') return noTracing;
  const { createOpenTelemetry } = await import('./open-telemetry.ts');
  return createOpenTelemetry(service, {
    exporter: settings.TRACING_EXPORTER,
    otlpUrl: settings.TRACING_OTLP_URL,
    file: settings.TRACING_FILE,
    sampleShare: settings.TRACING_SAMPLE_PERCENT / 100,
  });
}
