import { describe, expect, test } from '@jest/globals';
import { mostBufferedAllowed, SimulatedGroup } from '../../testing/simulation/simulated-group.ts';

/** SIMULATION_SEED=n repeats the run of that seed, SIMULATION_RUNS=n makes more of them. */
const firstSeed = Number(process.env['SIMULATION_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(process.env['SIMULATION_RUNS'] ?? (process.env['SIMULATION_SEED'] ? 1 : 6));
const seeds = Array.from({ length: runs }, (_, run) => firstSeed + run);

type Trouble = 'none' | 'crashes' | 'all';

function createGroup(seed: number): SimulatedGroup {
  return new SimulatedGroup({
    seed,
    partitions: 1 + (seed % 5),
    ordering: (['key', 'unordered', 'in batches'] as const)[seed % 3]!,
    // In 20 characters there is room for a map of 24 offsets: some runs are about that limit.
    maxMetadataLength: seed % 4 === 0 ? 20 : 4_096,
  });
}

/** Joins and leaves, and as asked crashes, frozen event loops and cut connections, while records come; then quiet. */
async function simulate(seed: number, trouble: Trouble): Promise<SimulatedGroup> {
  const group = createGroup(seed);
  const { time } = group;
  const until = (atMs: number) => time.runUntil(() => time.nowMs() >= atMs, atMs + 60_000);
  group.append(150);
  group.join();
  for (let step = 0; step < 12; step += 1) {
    await until(time.nowMs() + time.between(50, 6_000));
    group.append(time.between(0, 60));
    const dice = time.random();
    if (dice < 0.4 || group.size === 0) group.join();
    else if (dice < 0.7 || trouble === 'none') void group.leave();
    else if (dice < 0.85 || trouble === 'crashes') group.crash();
    else if (dice < 0.93) group.freeze(time.between(100, 8_000));
    else group.cutOff(time.between(100, 8_000));
  }
  if (group.size === 0) group.join();
  await group.settle();
  return group;
}

describe('a group of consumers in virtual time', () => {
  test.each(seeds)('joins and leaves alone: every record ends exactly once (seed %i)', async (seed) => {
    const group = await simulate(seed, 'none');
    expect(group.faults).toEqual([]);
    expect(group.repeatCount).toBe(0);
  });

  test.each(seeds)(
    'with crashes: nothing lost, and only what was not committed is repeated (seed %i)',
    async (seed) => {
      const group = await simulate(seed, 'crashes');
      expect(group.faults).toEqual([]);
      expect(group.repeats).toEqual([]);
    },
  );

  test.each(seeds)('with frozen and cut-off members too: the same (seed %i)', async (seed) => {
    const group = await simulate(seed, 'all');
    expect(group.faults).toEqual([]);
    expect(group.repeats).toEqual([]);
  });

  test.each(seeds.slice(0, 1))(
    'with the broker away for an hour: it comes back by itself, in bounded memory (seed %i)',
    async (seed) => {
      const group = createGroup(seed);
      const { time } = group;
      const pass = (ms: number) => {
        const untilMs = time.nowMs() + ms;
        return time.runUntil(() => time.nowMs() >= untilMs, untilMs + 60_000);
      };
      group.append(150);
      group.join();
      group.join();
      await pass(2_000);
      group.brokerAway(3_600_000);
      await pass(1_800_000);
      group.append(300);
      await pass(1_800_000);
      for (let second = 0; second < 20; second += 1) {
        await pass(1_000);
        expect(group.mostBuffered).toBeLessThanOrEqual(mostBufferedAllowed);
      }
      await group.settle();
      expect(group.faults).toEqual([]);
      expect(group.repeats).toEqual([]);
    },
  );
});
