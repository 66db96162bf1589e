import { describe, expect, test } from '@jest/globals';
import { eventually } from './eventually.ts';
import { isolate, testServers, testServersEnv } from './servers.ts';

describe('isolation', () => {
  test('gives each caller names of its own, fit for topics and databases', () => {
    const names = Array.from({ length: 100 }, () => isolate('gateway').database);
    expect(new Set(names).size).toBe(100);
    for (const name of names) expect(name).toMatch(/^gateway-[0-9a-f]{8}$/);
    expect(isolate('gateway').topicPrefix).toMatch(/^gateway-[0-9a-f]{8}\.$/);
  });

  test.each(['', 'a.b', 'a b', 'a'.repeat(31)])('refuses the name "%s"', (name) => {
    expect(() => isolate(name)).toThrow('isolate:');
  });
});

describe('eventually', () => {
  test('gives what the assertion gives, once it holds', async () => {
    let calls = 0;
    const value = await eventually(
      () => {
        calls += 1;
        if (calls < 3) throw new Error('not yet');
        return calls;
      },
      { intervalMs: 1 },
    );
    expect(value).toBe(3);
  });

  test('ends with the last failure', async () => {
    const never = () => expect(1).toBe(2);
    await expect(eventually(never, { timeoutMs: 20, intervalMs: 1 })).rejects.toThrow('not so within 0.02 s');
  });
});

describe('the servers of a run', () => {
  const servers = { brokers: ['127.0.0.1:1', '127.0.0.1:2'], registryUrl: 'http://r', mongoUrl: 'mongodb://m' };

  test('are handed over in the environment', () => {
    expect(testServers(testServersEnv(servers))).toEqual(servers);
  });

  test('are missed by name', () => {
    expect(() => testServers({})).toThrow('TEST_KAFKA_BROKERS is not set');
  });
});
