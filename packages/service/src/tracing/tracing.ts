import type { Settings } from '../settings/load-settings.ts';
import type { Tracing } from './span.ts';
import type { tracingSettings } from './tracing-settings.ts';

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
