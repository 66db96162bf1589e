import { createHttpServer, type HttpServer } from './http-server.ts';
import { opsRequestListener, type OpsSources } from './ops-request-listener.ts';

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
