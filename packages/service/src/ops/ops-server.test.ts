import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Gauge, Registry } from 'prom-client';
import { createHealth } from './health.ts';
import { createMetrics, createOpsServer } from './ops-server.ts';
import type { HttpServer } from './http-server.ts';

describe('ops server', () => {
  let server: HttpServer;
  let storeIsUp: boolean;

  beforeEach(async () => {
    storeIsUp = true;
    const store = () => (storeIsUp ? { ok: true } : { ok: false, reason: 'store is away' });
    const health = createHealth({ live: {}, ready: { store } });
    server = createOpsServer({ host: '127.0.0.1', port: 0, health, metrics: createMetrics('gateway') });
    await server.start();
  });
  afterEach(() => server.stop({ graceMs: 0 }));

  const get = (path: string, init?: RequestInit) => fetch(server.address() + path, init);

  test('is ready, then not, with the check that failed and why', async () => {
    const ready = await get('/readyz');
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ok', checks: { store: { ok: true } } }]);
    storeIsUp = false;
    const unready = await get('/readyz?verbose');
    expect([unready.status, await unready.json()]).toEqual([
      503,
      { status: 'unavailable', checks: { store: { ok: false, reason: 'store is away' } } },
    ]);
    expect((await get('/healthz')).status).toBe(200);
  });

  test('serves metrics as Prometheus text, labelled with the service', async () => {
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toMatch(/^process_cpu_seconds_total\{service="gateway"\} /m);
  });

  test('answers HEAD like GET, without a body', async () => {
    storeIsUp = false;
    const response = await get('/readyz', { method: 'HEAD' });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0);
    expect(await response.text()).toBe('');
  });

  test.each(['POST', 'DELETE', 'OPTIONS'])('refuses %s with 405', async (method) => {
    const response = await get('/healthz', { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ title: 'Method Not Allowed', status: 405 });
  });

  test('answers an unknown path with a problem', async () => {
    const response = await get('/');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'there is nothing here but /healthz, /readyz, /metrics',
    });
  });
});

test('a metric that cannot be collected is a 500 with its reason', async () => {
  const metrics = new Registry();
  const collect = () => {
    throw new Error('gauge is broken');
  };
  metrics.registerMetric(new Gauge({ name: 'broken', help: 'broken', registers: [], collect }));
  const server = createOpsServer({
    host: '127.0.0.1',
    port: 0,
    health: createHealth({ live: {}, ready: {} }),
    metrics,
  });
  await server.start();
  const response = await fetch(`${server.address()}/metrics`);
  expect([response.status, await response.json()]).toMatchObject([500, { detail: 'gauge is broken' }]);
  await server.stop({ graceMs: 1_000 });
});
