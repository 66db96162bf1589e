import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  IdempotencyKeyInUseError,
  IdempotencyKeyReusedError,
  OutcomeUnknownError,
  UnavailableError,
} from '../errors.ts';
import { idempotencyKeysSuite } from '../fixtures/idempotency-keys.suite.ts';
import type { TaskIdentity } from '../task-ids/task-id-source.ts';
import {
  acceptOnce,
  keyLifetimeMs,
  type AcceptOncePorts,
  type IdempotencyKeys,
  type KeyRecord,
} from './accept-once.ts';

const holdMs = 1_000;
const request = { key: 'k', fingerprint: 'f' };

/** A log, the keys, a clock, and gateways that share them. */
function world() {
  const keys = createMemoryKeys();
  const log: TaskIdentity[] = [];
  let nowMs = 1_000_000;
  let lastId = 0;
  const ports = (changed: Partial<AcceptOncePorts> = {}): AcceptOncePorts => ({
    keys,
    identify: async () => ({ taskId: ++lastId, eventId: `event-${lastId}`, requestedAtMs: nowMs }),
    publish: async ({ taskId, eventId, requestedAtMs }) => void log.push({ taskId, eventId, requestedAtMs }),
    nowMs: () => nowMs,
    holdMs,
    onMarkFailure: () => undefined,
    ...changed,
  });
  return { keys, log, ports, pass: (ms: number) => (nowMs += ms) };
}

/** The process ends here: what it was waiting for never comes. */
const dies = () => new Promise<never>(() => undefined);

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('keys in memory', () => {
  const keys = createMemoryKeys();
  idempotencyKeysSuite(() => keys);
});

describe('a request with an idempotency key', () => {
  test('is accepted, and repeated it is the same task, which is not written again', async () => {
    const { ports, log } = world();
    const first = await acceptOnce(ports(), request);
    expect(await acceptOnce(ports(), request)).toBe(first);
    expect(log.map(({ taskId }) => taskId)).toEqual([first]);
  });

  test('with another key is another task', async () => {
    const { ports } = world();
    expect(await acceptOnce(ports(), request)).not.toBe(await acceptOnce(ports(), { ...request, key: 'other' }));
  });

  test('with the same key and another body is refused, also while the first is in flight', async () => {
    const { ports, log } = world();
    void acceptOnce(ports({ publish: dies }), request);
    await settled();
    const other = { ...request, fingerprint: 'g' };
    await expect(acceptOnce(ports(), other)).rejects.toThrow(IdempotencyKeyReusedError);
    expect(log).toEqual([]);
  });

  test('is refused while another with its key is in flight', async () => {
    const { ports, log } = world();
    const published = Promise.withResolvers<void>();
    const first = acceptOnce(ports({ publish: () => published.promise }), request);
    await settled();
    await expect(acceptOnce(ports(), request)).rejects.toThrow(IdempotencyKeyInUseError);
    published.resolve();
    const id = await first;
    expect(await acceptOnce(ports(), request)).toBe(id);
    expect(log).toEqual([]);
  });

  test('whose gateway died between key and event is completed by a retry, with the same identity', async () => {
    const { ports, log, pass } = world();
    void acceptOnce(ports({ publish: dies }), request);
    await settled();
    pass(holdMs - 1);
    await expect(acceptOnce(ports(), request)).rejects.toThrow(IdempotencyKeyInUseError);
    pass(1);
    expect(await acceptOnce(ports(), request)).toBe(1);
    expect(log).toEqual([{ taskId: 1, eventId: 'event-1', requestedAtMs: 1_000_000 }]);
  });

  test.each([
    new OutcomeUnknownError(1, 'Repeating it may run the task twice.'),
    new UnavailableError('NOT_ACCEPTED', 'The queue is full.'),
  ])('that failed with %s can be repeated at once, and is the same task', async (error) => {
    const { ports, log } = world();
    const failed = acceptOnce(
      ports({
        publish: async (identity) => {
          log.push(identity);
          throw error;
        },
      }),
      request,
    );
    await expect(failed).rejects.toThrow(error.constructor);
    if (error instanceof OutcomeUnknownError) await expect(failed).rejects.toThrow('it stays one task');
    expect(await acceptOnce(ports(), request)).toBe(1);
    expect(log.map(({ taskId, eventId }) => [taskId, eventId])).toEqual([
      [1, 'event-1'],
      [1, 'event-1'],
    ]);
  });

  test('is accepted even though its key cannot be marked afterwards; a retry is the same task', async () => {
    const { ports, keys, pass } = world();
    const failures: unknown[] = [];
    const away: IdempotencyKeys = { ...keys, accept: () => Promise.reject(new Error('away')) };
    expect(await acceptOnce(ports({ keys: away, onMarkFailure: (error) => failures.push(error) }), request)).toBe(1);
    expect(failures).toEqual([new Error('away')]);
    pass(holdMs);
    expect(await acceptOnce(ports(), request)).toBe(1);
  });

  test('is not accepted when its key cannot be written', async () => {
    const { ports, keys, log } = world();
    const away: IdempotencyKeys = { ...keys, add: () => Promise.reject(new Error('away')) };
    await expect(acceptOnce(ports({ keys: away }), request)).rejects.toThrow('away');
    expect(log).toEqual([]);
  });

  test('is another task once the key is forgotten', async () => {
    const { ports, pass } = world();
    await acceptOnce(ports(), request);
    pass(keyLifetimeMs - 1);
    expect(await acceptOnce(ports(), request)).toBe(1);
    pass(1);
    expect(await acceptOnce(ports(), request)).toBe(2);
  });

  test('stays one task, whatever gateways do, in any order and side by side', async () => {
    const step = fc.record({
      outcome: fc.constantFrom('published', 'lost', 'unknown', 'died before', 'died after'),
      passMs: fc.constantFrom(0, 10, holdMs),
      isAwaited: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { ports, log, pass } = world();
        const answers: number[] = [];
        for (const { outcome, passMs, isAwaited } of steps) {
          const publish = async (identity: TaskIdentity) => {
            if (outcome === 'died before') return dies();
            if (outcome === 'lost') throw new UnavailableError('NOT_ACCEPTED', 'lost');
            log.push(identity);
            if (outcome === 'died after') return dies();
            if (outcome === 'unknown') throw new OutcomeUnknownError(identity.taskId, 'unknown');
          };
          const answer = acceptOnce(ports({ publish }), request).then(
            (id) => answers.push(id),
            () => undefined,
          );
          if (isAwaited) await Promise.race([answer, settled()]);
          pass(passMs);
        }
        await settled();
        pass(2 * holdMs);
        answers.push(await acceptOnce(ports(), request));
        expect(new Set([...answers, ...log.map(({ taskId }) => taskId)]).size).toBe(1);
        expect(new Set(log.map(({ eventId }) => eventId)).size).toBe(1);
      }),
    );
  });
});

/** The keys in memory. The suite of the real ones runs on it too. */
function createMemoryKeys(): IdempotencyKeys {
  const records = new Map<string, KeyRecord>();
  const asItIs = ({ key, eventId, accepted, heldUntilMs }: KeyRecord) => {
    const known = records.get(key);
    return known?.eventId === eventId && known.accepted === accepted && known.heldUntilMs === heldUntilMs;
  };
  return {
    find: async (key) => structuredClone(records.get(key)),
    async add(record) {
      if (records.has(record.key)) return false;
      records.set(record.key, { ...record });
      return true;
    },
    async hold(record, untilMs) {
      if (!asItIs(record)) return false;
      records.set(record.key, { ...record, heldUntilMs: untilMs });
      return true;
    },
    async accept({ key }) {
      const known = records.get(key);
      if (known !== undefined) records.set(key, { ...known, accepted: true, heldUntilMs: 0 });
    },
    async remove(record) {
      if (asItIs(record)) records.delete(record.key);
    },
  };
}
