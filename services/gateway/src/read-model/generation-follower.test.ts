import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createGenerationFollower,
  type GenerationFollower,
  type GenerationFollowerPorts,
} from './generation-follower.ts';

/** Two generations that are made from one log of one partition, each at its own pace, and a switch between them. */
function createWorld(delay: () => Promise<void>) {
  let logEnd = 0;
  const both = (): [number, number][] => [
    [1, 0],
    [2, 0],
  ];
  const documents = new Map(both());
  const reached = new Map(both());
  let live = 1;

  /** What a question finds at some moment between asking and being answered. */
  async function answer<T>(look: () => T): Promise<T> {
    await delay();
    const found = look();
    await delay();
    return found;
  }

  return {
    write: (records: number) => void (logEnd += records),
    /** Documents are written before the checkpoint. */
    document: (generation: number, records: number) =>
      void documents.set(generation, Math.min(logEnd, documents.get(generation)! + records)),
    checkpoint: (generation: number) => void reached.set(generation, documents.get(generation)!),
    project(generation: number, records: number) {
      const offset = reached.get(generation)! + records;
      logEnd = Math.max(logEnd, offset);
      documents.set(generation, offset);
      reached.set(generation, offset);
    },
    makeLive: (generation: number) => void (live = generation),
    makeLogAnew: () => void (logEnd = 0),
    /** Whether what is below this offset is there for whoever reads this generation. */
    has: (generation: number, offset: number) => documents.get(generation)! >= offset,
    /** As a client reads: the number of records that the answer shows. */
    read: (follower: GenerationFollower) =>
      follower.read(
        (generation) => answer(() => documents.get(generation)!),
        (shown) => (shown === 0 ? [] : [{ taskId: 1, topic: 'p', offset: shown - 1 }]),
      ),
    ports: {
      readLive: () => answer(() => live),
      readCheckpoints: (generation: number) => answer(() => new Map([['p', reached.get(generation)!]])),
      readLogEnds: () => answer(() => new Map([['p', logEnd]])),
      checkpointOf: () => 'p',
    },
  };
}

const now = () => Promise.resolve();

async function expectNoReadToMissWhatItWasTold(
  create: (ports: GenerationFollowerPorts) => GenerationFollower,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.tuple(fc.constantFrom(1, 2), fc.integer({ min: 1, max: 3 })), { maxLength: 10 }),
      fc.integer({ min: 1, max: 6 }),
      async (scheduler, progress, questions) => {
        const world = createWorld(() => scheduler.schedule(Promise.resolve()));
        const follower = create(world.ports);
        const projecting = (async () => {
          for (const [index, [generation, records]] of progress.entries()) {
            await scheduler.schedule(Promise.resolve());
            world.project(generation, records);
            if (index === 3) world.makeLive(2);
          }
        })();
        const looking = (async () => {
          for (let round = 0; round < 5; round += 1) await follower.look();
        })();
        const reading = Array.from({ length: questions }, async () => {
          const told = (await follower.checkpoints(['p'])).get('p')!;
          const generation = await follower.current();
          expect(world.has(generation, told)).toBe(true);
        });
        await scheduler.waitFor(Promise.all([projecting, looking, ...reading]));
      },
    ),
    { numRuns: 300 },
  );
}

const step = fc.tuple(fc.constantFrom('write', 'document', 'checkpoint'), fc.constantFrom(1, 2), fc.constantFrom(1, 2));

async function expectNoReadToGoBack(
  create: (ports: GenerationFollowerPorts) => GenerationFollower,
  { endOnFailure = false } = {},
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(step, { minLength: 40, maxLength: 80, size: 'max' }),
      fc.nat(5),
      async (scheduler, steps, switchAt) => {
        const world = createWorld(() => scheduler.schedule(Promise.resolve()));
        const follower = create(world.ports);
        const projecting = (async () => {
          for (const [index, [kind, generation, records]] of steps.entries()) {
            await scheduler.schedule(Promise.resolve());
            if (index === switchAt) world.makeLive(2);
            if (kind === 'write') world.write(records);
            else if (kind === 'document') world.document(generation, records);
            else world.checkpoint(generation);
          }
        })();
        const looking = (async () => {
          for (let round = 0; round < 8; round += 1) await follower.look();
        })();
        let seen = 0;
        const reading = Array.from({ length: 3 }, async () => {
          for (let round = 0; round < 12; round += 1) {
            const before = seen;
            const shown = await world.read(follower);
            expect(shown).toBeGreaterThanOrEqual(before);
            seen = Math.max(seen, shown);
          }
        });
        await scheduler.waitFor(Promise.all([projecting, looking, ...reading]));
      },
    ),
    { numRuns: endOnFailure ? 3_000 : 300, endOnFailure },
  );
}

describe('following the live generation', () => {
  test('whatever the order of reads, projection and a switch: what a request was told is there, is there', () =>
    expectNoReadToMissWhatItWasTold(createGenerationFollower));

  test('the check catches a reader that changes at once', async () => {
    const hasty = ({ readLive, readCheckpoints }: GenerationFollowerPorts): GenerationFollower => ({
      current: readLive,
      read: async (operation) => operation(await readLive()),
      checkpoints: async (ids) => readCheckpoints(await readLive(), ids),
      look: async () => undefined,
    });
    await expect(expectNoReadToMissWhatItWasTold(hasty)).rejects.toThrow(/Property failed/);
  });

  test('whatever the order of writes, projection, reads and a switch: no read shows less than one before it', () =>
    expectNoReadToGoBack(createGenerationFollower));

  test.each<[string, (follower: GenerationFollower) => Partial<GenerationFollower>]>([
    ['forgets what it showed', ({ current }) => ({ read: async (operation) => operation(await current()) })],
    [
      'does not read again',
      ({ current, read }) => ({
        async read(operation, seen) {
          const answer = await operation(await current());
          return read(async () => answer, seen);
        },
      }),
    ],
  ])('the check catches a reader that %s', async (_fault, change) => {
    const faulty = (ports: GenerationFollowerPorts) => {
      const follower = createGenerationFollower(ports);
      return { ...follower, ...change(follower) };
    };
    await expect(expectNoReadToGoBack(faulty, { endOnFailure: true })).rejects.toThrow(/Property failed/);
  });

  test('follows also when the old one is of a log that is no more', async () => {
    const world = createWorld(now);
    const follower = createGenerationFollower(world.ports);
    world.project(1, 10);
    await follower.checkpoints(['p']);
    world.makeLogAnew();
    world.project(2, 3);
    world.makeLive(2);
    await follower.look();
    expect(await follower.current()).toBe(2);
  });

  test('while the log’s ends are not to be had, it stays; then it goes on', async () => {
    const world = createWorld(now);
    let isAway = true;
    const readLogEnds = () => (isAway ? Promise.reject(new Error('away')) : world.ports.readLogEnds());
    const follower = createGenerationFollower({ ...world.ports, readLogEnds });
    world.project(1, 1);
    world.project(2, 1);
    await follower.current();
    world.makeLive(2);
    await expect(follower.look()).rejects.toThrow('away');
    expect(await follower.current()).toBe(1);
    isAway = false;
    await follower.look();
    expect(await follower.current()).toBe(2);
  });

  test('changes once the new one has what the old one had, not before, and follows the next switch too', async () => {
    const world = createWorld(now);
    const follower = createGenerationFollower(world.ports);
    world.project(1, 10);
    world.project(2, 9);
    expect(await follower.current()).toBe(1);
    world.makeLive(2);
    await follower.look();
    expect(await follower.current()).toBe(1);
    world.project(1, 5);
    world.project(2, 1);
    await follower.look();
    expect(await follower.current()).toBe(2);
    world.makeLive(1);
    await follower.look();
    expect(await follower.current()).toBe(1);
  });

  test('a switch that is taken back changes nothing', async () => {
    const world = createWorld(now);
    const follower = createGenerationFollower(world.ports);
    world.project(1, 10);
    await follower.current();
    world.makeLive(2);
    await follower.look();
    world.makeLive(1);
    await follower.look();
    expect([await follower.current(), await follower.checkpoints(['p'])]).toEqual([1, new Map([['p', 10]])]);
  });
});
