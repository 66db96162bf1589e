import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { firstIdOfLease, idsPerLease } from '@nask/schemas';
import { IdsWouldRepeatError, UnavailableError } from '../errors.ts';
import { assertNewIds, createIdBlocks, createTaskIdSource } from './task-id-source.ts';

const neverAborted = new AbortController().signal;

describe('blocks of ids', () => {
  test('each block gives its 1,000 ids in order, then the next block its own', () => {
    const blocks = createIdBlocks();
    blocks.add(0);
    blocks.add(7);
    expect(blocks.remaining()).toBe(2 * idsPerLease);
    const ids = Array.from({ length: 2 * idsPerLease }, () => blocks.take());
    expect(ids.slice(0, 2)).toEqual([1, 2]);
    expect(ids.slice(998, 1002)).toEqual([999, 1000, 7001, 7002]);
    expect(ids.at(-1)).toBe(8000);
    expect(blocks.take()).toBeUndefined();
    expect(blocks.remaining()).toBe(0);
  });

  test.each([6, 7, -1, Number.NaN, 1.5])('after the lease 7 the lease %d is refused', (offset) => {
    const blocks = createIdBlocks();
    blocks.add(7);
    expect(() => blocks.add(offset)).toThrow(IdsWouldRepeatError);
  });

  test('a lease is refused when an id of it, or above it, was given before', () => {
    expect(() => assertNewIds(2, 2000)).not.toThrow();
    expect(() => assertNewIds(2, 2001)).toThrow('ids up to 2001 were given before');
    expect(() => assertNewIds(0, 2001)).toThrow('Its end has to be above offset 2 ');
  });
});

describe('the source of ids', () => {
  test('what is taken at once is there, and is nobody else’s: who waits comes first', async () => {
    const lease = Promise.withResolvers<number>();
    const source = createTaskIdSource({ lease: () => lease.promise, onFailure: () => undefined });
    expect(source.take()).toBeUndefined();
    const waited = source.next(neverAborted);
    lease.resolve(0);
    expect(source.take()).toBeUndefined();
    expect(await waited).toBe(1);
    expect([source.take(), source.take()]).toEqual([2, 3]);
  });

  test('whatever the order of requests, leases, failures and departures: no id twice, each from a lease of ours', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom('works', 'fails'), { minLength: 1, maxLength: 6 }),
        fc.array(fc.record({ requests: fc.integer({ min: 1, max: 900 }), leave: fc.boolean() }), { maxLength: 6 }),
        async (scheduler, leases, bursts) => {
          let attempts = 0;
          let underWay = 0;
          const leased: number[] = [];
          const source = createTaskIdSource({
            lease: async () => {
              expect(++underWay).toBe(1);
              // Other gateways lease in between: the offsets have gaps.
              const offset = attempts++ * 3;
              const outcome = leases[attempts % leases.length];
              await scheduler.schedule(Promise.resolve(), 'lease');
              underWay -= 1;
              if (outcome === 'fails') throw new Error('Kafka is away');
              leased.push(offset);
              return offset;
            },
            onFailure: () => {},
          });
          const given: number[] = [];
          const unexpected: unknown[] = [];
          const all = bursts.map(async ({ requests, leave }) => {
            const client = new AbortController();
            await scheduler.schedule(Promise.resolve(), 'burst');
            const ids = Array.from({ length: requests }, async () => {
              try {
                given.push(await source.next(client.signal));
              } catch (error) {
                if (error !== client.signal.reason && !(error instanceof UnavailableError)) unexpected.push(error);
              }
            });
            if (leave) client.abort(new Error('left'));
            await Promise.all(ids);
          });
          await scheduler.waitFor(Promise.all(all));
          await scheduler.waitFor(source.refill());

          expect(unexpected).toEqual([]);
          expect(new Set(given).size).toBe(given.length);
          const ours = leased.map(firstIdOfLease);
          expect(given.filter((id) => !ours.some((first) => id >= first && id < first + idsPerLease))).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('the next block is leased before the current one runs out, one lease at a time', async () => {
    let leases = 0;
    const source = createTaskIdSource({ lease: async () => leases++, onFailure: () => {} });
    await source.refill();
    for (let taken = 1; taken < idsPerLease / 2; taken++) await source.next(neverAborted);
    expect(leases).toBe(1);
    await source.next(neverAborted);
    expect(leases).toBe(2);
  });

  test('when a lease fails, those who wait are refused, and the next request leases again', async () => {
    const outcomes = [Promise.reject(new Error('Kafka is away')), Promise.resolve(4)];
    const failures: unknown[] = [];
    const source = createTaskIdSource({ lease: () => outcomes.shift()!, onFailure: (error) => failures.push(error) });
    const refused = await Promise.allSettled([source.next(neverAborted), source.next(neverAborted)]);
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(failures).toEqual([new Error('Kafka is away')]);
    expect(await source.next(neverAborted)).toBe(4001);
  });

  test('who leaves while waiting takes no id along', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const source = createTaskIdSource({ lease: () => promise, onFailure: () => {} });
    const client = new AbortController();
    const left = source.next(client.signal);
    const stayed = source.next(neverAborted);
    client.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    resolve(0);
    expect(await stayed).toBe(1);
  });

  test('once ids would repeat none is given any more, of no block', async () => {
    const outcomes = [async () => 5, async () => Promise.reject(new IdsWouldRepeatError('recreated')), async () => 9];
    const failures: unknown[] = [];
    const source = createTaskIdSource({ lease: () => outcomes.shift()!(), onFailure: (error) => failures.push(error) });
    await source.refill();
    for (let taken = 0; taken < idsPerLease / 2; taken++) await source.next(neverAborted);
    await source.refill();
    expect(failures).toEqual([new IdsWouldRepeatError('recreated')]);
    await expect(source.next(neverAborted)).rejects.toThrow(UnavailableError);
    expect(outcomes).toHaveLength(1);
  });
});
