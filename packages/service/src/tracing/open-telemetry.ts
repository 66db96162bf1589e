import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { appendFile } from 'node:fs';
import { ExportResultCode } from '@opentelemetry/core';
import type { SpanOptions, Tracing } from './span.ts';

const kinds = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER };

/**
 * Spans by OpenTelemetry's SDK. No instrumentation is patched in: who has a part in a trace says so. What waits to be
 * exported is bounded by the SDK (2,048 spans); beyond that spans are dropped, and work is not held up.
 */
export function createOpenTelemetry(
  service: string,
  options: {
    exporter: 'otlp' | 'file';
    otlpUrl: string;
    file: string;
    /** From 0 to 1. */
    sampleShare: number;
  },
): Tracing {
  const processor =
    options.exporter === 'file'
      ? new SimpleSpanProcessor(new FileSpanExporter(options.file))
      : new BatchSpanProcessor(new OTLPTraceExporter({ url: options.otlpUrl }));
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': `nask-${service}` }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleShare) }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('nask-task');

  return {
    isOn: true,

    async span({ name, kind, traceparent, attributes }: SpanOptions, work) {
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes: { ...attributes } }, parentOf(traceparent));
      const { traceId, spanId, traceFlags } = span.spanContext();
      try {
        return await work(`00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
        throw error;
      } finally {
        span.end();
      }
    },

    component: {
      name: 'tracing',
      async stop() {
        // A collector that is away is no reason for a service to end badly.
        await provider.forceFlush().catch(() => {});
        await provider.shutdown().catch(() => {});
      },
    },
  };
}

/** A span context that came from another process (W3C Trace Context, version 00 or later). */
function parentOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] =
    /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

type Done = Parameters<SpanExporter['export']>[1];
/** Adds spans to a file, a line of JSON each: for tests, and for looking at a few traces without a collector. */
class FileSpanExporter implements SpanExporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  export(spans: ReadableSpan[], done: Done): void {
    const lines = spans.map((span) => `${JSON.stringify(lineOf(span))}\n`).join('');
    appendFile(this.#file, lines, (error) =>
      done(error ? { code: ExportResultCode.FAILED, error } : { code: ExportResultCode.SUCCESS }),
    );
  }

  async shutdown(): Promise<void> {}
}

function lineOf(span: ReadableSpan) {
  const { traceId, spanId } = span.spanContext();
  const [seconds, nanoseconds] = span.duration;
  return {
    service: span.resource.attributes['service.name'],
    name: span.name,
    trace_id: traceId,
    span_id: spanId,
    parent_span_id: span.parentSpanContext?.spanId,
    duration_ms: seconds * 1_000 + nanoseconds / 1e6,
    attributes: span.attributes,
    failed: span.status.code === SpanStatusCode.ERROR,
  };
}
