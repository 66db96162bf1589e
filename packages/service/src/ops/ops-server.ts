import type { IncomingMessage, ServerResponse } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createHttpServer, type HttpServer } from './http-server.ts';
import type { Health, HealthReport } from './health.ts';

/** The server of /healthz, /readyz and /metrics, for orchestrators and Prometheus; few clients, small answers. */
export function createOpsServer({ host, port, ...sources }: { host: string; port: number } & OpsSources): HttpServer {
  return createHttpServer({
    name: 'ops server',
    host,
    port,
    listener: opsRequestListener(sources),
    drainTimeoutMs: 1_000,
    maxConnections: 100,
    requestTimeoutMs: 5_000,
  });
}

interface OpsSources {
  health: Health;
  metrics: Registry;
}

interface Answer {
  status: number;
  contentType: string;
  body: string;
  headers?: Record<string, string>;
}

/** The paths of the ops request listener, for a service that serves them on its own port. */
const opsPaths: readonly string[] = ['/healthz', '/readyz', '/metrics'];

/**
 * Answers GET and HEAD of /healthz, /readyz (200, or 503 with the checks that failed and why) and /metrics
 * (Prometheus text); everything else with problem details (RFC 9457).
 */
export function opsRequestListener(sources: OpsSources): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void answer(request, sources).then((answer) => send(response, answer, request.method === 'HEAD'));
  };
}

async function answer({ method = '', url = '' }: IncomingMessage, { health, metrics }: OpsSources): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') {
    return problem(405, 'Method Not Allowed', `${method} is not allowed here, only GET and HEAD`, {
      allow: 'GET, HEAD',
    });
  }
  const path = url.split('?', 1)[0] ?? '';
  try {
    if (path === '/healthz') return healthAnswer(health.live());
    if (path === '/readyz') return healthAnswer(health.ready());
    if (path === '/metrics') return { status: 200, contentType: metrics.contentType, body: await metrics.metrics() };
  } catch (error) {
    return problem(500, 'Internal Server Error', error instanceof Error ? error.message : String(error));
  }
  return problem(404, 'Not Found', `there is nothing here but ${opsPaths.join(', ')}`);
}

function healthAnswer(report: HealthReport): Answer {
  return {
    status: report.status === 'ok' ? 200 : 503,
    contentType: 'application/json; charset=utf-8',
    body: JSON.stringify(report),
  };
}

function problem(status: number, title: string, detail: string, headers?: Record<string, string>): Answer {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail });
  return { status, contentType: 'application/problem+json', body, headers };
}

function send(response: ServerResponse, { status, contentType, body, headers }: Answer, isHead: boolean): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(isHead ? undefined : body);
}

/** A registry of Prometheus metrics with those of the Node process; every metric has the label `service`. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  // The period of its timer, which the lag's percentiles include. Its default of 10 costs half a per cent of a core.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return registry;
}
