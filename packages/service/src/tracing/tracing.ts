import type { Component } from '../lifecycle/component.ts';
import type { Settings } from '../settings/load-settings.ts';
import type { tracingSettings } from './tracing-settings.ts';

export interface SpanOptions {
  readonly name: string;
  readonly kind: 'server' | 'consumer';
  /** W3C trace context of what caused it; undefined or invalid: a trace begins here. */
  readonly traceparent: string | undefined;
  readonly attributes?: Readonly<Record<string, string | number>>;
}

/** Spans of the work that a service does, as one trace across services: each hands its traceparent on. */
export interface Tracing {
  readonly isOn: boolean;
  /**
   * Does work within a span, which fails when the work does.
   * @param work is given the traceparent to hand on: the span's, or the one that came in when tracing is off
   */
  span<T>(options: SpanOptions, work: (traceparent: string | undefined) => Promise<T>): Promise<T>;
  /** Sends what is left when the service stops. */
  readonly component: Component;
}

/** Nothing is loaded and nothing is measured. */
const off: Tracing = {
  isOn: false,
  span: (options, work) => work(options.traceparent),
  component: { name: 'tracing' },
};

/** OpenTelemetry where the settings ask for it; its packages are loaded only then. */
export async function createTracing(service: string, settings: Settings<typeof tracingSettings>): Promise<Tracing> {
  if (settings.TRACING_EXPORTER === 'none') return off;
  const { createOpenTelemetry } = await import('./open-telemetry.ts');
  return createOpenTelemetry(service, {
    exporter: settings.TRACING_EXPORTER,
    otlpUrl: settings.TRACING_OTLP_URL,
    file: settings.TRACING_FILE,
    sampleShare: settings.TRACING_SAMPLE_PERCENT / 100,
  });
}
