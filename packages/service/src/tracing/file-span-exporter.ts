import { appendFile } from 'node:fs';
import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

type Done = Parameters<SpanExporter['export']>[1];
type Outcome = Parameters<Done>[0];

// The numbers of ExportResultCode, whose package is none of our own dependencies.
const succeeded: Outcome = { code: 0 as Outcome['code'] };
const failed = (error: Error): Outcome => ({ code: 1 as Outcome['code'], error });

/** Adds spans to a file, a line of JSON each: for tests, and for looking at a few traces without a collector. */
export class FileSpanExporter implements SpanExporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  export(spans: ReadableSpan[], done: Done): void {
    const lines = spans.map((span) => `${JSON.stringify(lineOf(span))}\n`).join('');
    appendFile(this.#file, lines, (error) => done(error ? failed(error) : succeeded));
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
