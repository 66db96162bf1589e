import type { Component } from '../lifecycle/lifecycle.ts';

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
