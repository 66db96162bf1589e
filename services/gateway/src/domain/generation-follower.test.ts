import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createGenerationFollower,
  type GenerationFollower,
  type GenerationFollowerPorts,
} from './generation-follower.ts';

/** Two generations that are made from one log of one partition, each at its own pace, and a switch between them. */
function createWorld(delay: () => Promise<void>) {
  const reached = new Map([
    [1, 0],
    [2, 0],
  ]);
  let live = 1;
  return {
    project: (generation: number, records: number) => void reached.set(generation, reached.get(generation)! + records),
    makeLive: (generation: number) => void (live = generation),
    /** Whether what is below this offset is there for whoever reads this generation. */
    has: (generation: number, offset: number) => reached.get(generation)! >= offset,
    ports: {
      async readLive() {
        await delay();
        const answer = live;
        await delay();
        return answer;
      },
      async readCheckpoints(generation: number) {
        await delay();
        const answer = new Map([['p', reached.get(generation)!]]);
        await delay();
        return answer;
      },
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

describe('following the live generation', () => {
  test('whatever the order of reads, projection and a switch: what a request was told is there, is there', () =>
    expectNoReadToMissWhatItWasTold(createGenerationFollower));

  test('the check catches a reader that changes at once', async () => {
    const hasty = ({ readLive, readCheckpoints }: GenerationFollowerPorts): GenerationFollower => ({
      current: readLive,
      checkpoints: async (ids) => readCheckpoints(await readLive(), ids),
      look: async () => undefined,
    });
    await expect(expectNoReadToMissWhatItWasTold(hasty)).rejects.toThrow(/Property failed/);
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
