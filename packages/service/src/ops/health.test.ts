import { describe, expect, test } from '@jest/globals';
import { check, checksOf, createHealth } from './health.ts';

const ok = () => ({ ok: true });

describe('createHealth', () => {
  test('is ok when every check is', () => {
    const health = createHealth({ live: {}, ready: { log: ok } });
    expect(health.live()).toEqual({ status: 'ok', checks: {} });
    expect(health.ready()).toEqual({ status: 'ok', checks: { log: { ok: true } } });
  });

  test('says which check failed and why; liveness and readiness are separate', () => {
    const health = createHealth({
      live: { loop: ok },
      ready: { loop: ok, log: () => ({ ok: false, reason: 'away' }) },
    });
    expect(health.live().status).toBe('ok');
    expect(health.ready()).toEqual({
      status: 'unavailable',
      checks: { loop: { ok: true }, log: { ok: false, reason: 'away' } },
    });
  });

  test('what is shared with the other replicas is told, and takes none of them out', () => {
    const health = createHealth({
      live: {},
      ready: { log: ok },
      dependencies: { store: () => ({ ok: false, reason: 'slow' }) },
    });
    expect(health.ready()).toEqual({
      status: 'ok',
      checks: { log: { ok: true } },
      dependencies: { store: { ok: false, reason: 'slow' } },
    });
    expect(health.live()).toEqual({ status: 'ok', checks: {} });
  });

  test('a check that throws has failed', () => {
    const health = createHealth({
      live: {
        broken: () => {
          throw new Error('not connected');
        },
      },
      ready: {},
    });
    expect(health.live()).toEqual({
      status: 'unavailable',
      checks: { broken: { ok: false, reason: 'not connected' } },
    });
  });

  test('is ready only between start and stop, and live throughout', () => {
    const health = createHealth({ live: {}, ready: {} });
    const seen = (['starting', 'started', 'stopping'] as const).map((phase) => {
      health.setPhase(phase);
      return [health.ready().status, health.ready().checks.phase?.reason, health.live().status];
    });
    expect(seen).toEqual([
      ['unavailable', 'starting', 'ok'],
      ['ok', undefined, 'ok'],
      ['unavailable', 'stopping', 'ok'],
    ]);
  });
});

test('what tells of itself has a check for each aspect, with its reason where that fails', () => {
  const checks = checksOf(() => ({ live: true, ready: false, reason: 'not in the group' }));
  expect(checks.live()).toEqual({ ok: true });
  expect(checks.ready()).toEqual({ ok: false, reason: 'not in the group' });
});

test('a check says why only while it fails', () => {
  let isThere = false;
  const isAway = check(() => isThere, 'away');
  expect(isAway()).toEqual({ ok: false, reason: 'away' });
  isThere = true;
  expect(isAway()).toEqual({ ok: true });
});
