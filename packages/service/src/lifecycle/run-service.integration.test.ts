import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { startFixture, type FixtureProcess } from '../fixtures/fixture-process.ts';

// Processes start slowly on a busy machine.
jest.setTimeout(60_000);

let running: FixtureProcess[] = [];
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ exited }) => exited));
  running = [];
});

function startService(...faults: string[]): FixtureProcess {
  const graceMs = faults.includes('short-grace') ? 1 : 60_000;
  const env = { LOG_LEVEL: 'debug', OPS_PORT: '0', SHUTDOWN_GRACE_MS: String(graceMs) };
  const service = startFixture('service.ts', faults, env);
  running.push(service);
  return service;
}

function logOf({ stdout }: FixtureProcess): Record<string, unknown>[] {
  return stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const stopped = (service: FixtureProcess) =>
  logOf(service)
    .filter(({ msg }) => msg === 'component stopped')
    .map(({ component }) => component);

/** The status and the checks of /readyz, at the address that the log names. */
async function readiness(service: FixtureProcess): Promise<[number, unknown]> {
  const { url } = logOf(service).find(({ msg, component }) => msg === 'listening' && component === 'ops server')!;
  const response = await fetch(`${String(url)}/readyz`);
  const { checks } = (await response.json()) as { checks: unknown };
  return [response.status, checks];
}

describe('a running service', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'drains on %s, in reverse order, and exits with 0',
    async (signal) => {
      const service = startService();
      await service.printed('fixture started');
      service.child.kill(signal);
      expect(await service.exited).toEqual({ code: 0, signal: null });
      expect(stopped(service)).toEqual(['store', 'ops server']);
      expect(service.stderr).toEqual([]);
    },
  );

  test('can be stopped while it starts', async () => {
    const service = startService('start-hangs');
    await service.printed('waiting for the store');
    service.child.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 0, signal: null });
    expect(stopped(service)).toEqual(['store', 'ops server']);
    expect(service.stdout.join()).not.toContain('fixture started');
  });

  test('answers that it is not ready, and why, while it starts and while it drains', async () => {
    const starting = startService('start-hangs');
    await starting.printed('waiting for the store');
    expect(await readiness(starting)).toEqual([503, { phase: { ok: false, reason: 'starting' } }]);

    const stopping = startService('stop-hangs');
    await stopping.printed('fixture started');
    stopping.child.kill('SIGTERM');
    await stopping.printed('store is stopping');
    expect(await readiness(stopping)).toEqual([503, { phase: { ok: false, reason: 'stopping' } }]);
  });

  test.each([
    ['SIGTERM', 'SIGTERM', 143],
    ['SIGTERM', 'SIGINT', 130],
  ] as const)('exits at once on a second signal (%s, then %s)', async (first, second, code) => {
    const service = startService('stop-hangs');
    await service.printed('fixture started');
    service.child.kill(first);
    await service.printed('store is stopping');
    service.child.kill(second);
    expect(await service.exited).toEqual({ code, signal: null });
  });

  test('names a component that exceeds the grace period, stops the others and exits with 1', async () => {
    const service = startService('stop-hangs', 'short-grace');
    await service.printed('fixture started');
    service.child.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(logOf(service).at(-1)).toMatchObject({
      level: 'error',
      msg: expect.stringContaining('not done within the grace period: store'),
    });
  });

  test('goes on with its drain on a second SIGHUP', async () => {
    const service = startService('stop-hangs', 'short-grace');
    await service.printed('fixture started');
    service.child.kill('SIGHUP');
    await service.printed('store is stopping');
    service.child.kill('SIGHUP');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(logOf(service).at(-1)?.['msg']).toContain('not done within the grace period');
  });

  test('exits with 1 when a component fails to stop', async () => {
    const service = startService('stop-fails');
    await service.printed('fixture started');
    service.child.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(stopped(service)).toEqual(['ops server']);
    expect(logOf(service).at(-1)).toMatchObject({ msg: 'stop incomplete: failed to stop: store' });
  });
});

describe('a service that cannot start', () => {
  test('says why in one line without a stack, after it stopped what had started', async () => {
    const service = startService('start-fails');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(stopped(service)).toEqual(['ops server']);
    const last = logOf(service).at(-1);
    expect(last).toMatchObject({
      level: 'fatal',
      component: 'store',
      code: 'STORE_AWAY',
      msg: 'fixture cannot start: store: store is away',
    });
    expect(last).not.toHaveProperty('err');
    expect(service.stderr).toEqual([]);
  });

  test('shows the stack of a fault in the code', async () => {
    const service = startService('start-breaks');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(logOf(service).at(-1)).toMatchObject({
      err: { type: 'TypeError', stack: expect.stringContaining('service.ts') },
    });
  });
});

test.each([
  ['rejects', 'unhandledRejection'],
  ['throws', 'uncaughtException'],
])('an error that nobody caught (%s) is logged as fatal and ends the process with 1', async (fault, origin) => {
  const service = startService(fault);
  expect(await service.exited).toEqual({ code: 1, signal: null });
  expect(logOf(service).at(-1)).toMatchObject({ level: 'fatal', origin, err: { message: 'nobody caught it' } });
});
