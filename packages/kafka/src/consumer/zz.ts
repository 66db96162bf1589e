import { SimulatedGroup } from '../../testing/simulation/simulated-group.ts';
async function simulate(seed: number, trouble: Trouble): Promise<SimulatedGroup> {
  const group = new SimulatedGroup({
    seed,
    partitions: 1 + (seed % 5),
    ordering: seed % 2 === 0 ? 'key' : 'unordered',
    maxMetadataLength: seed % 3 === 0 ? 40 : 4_096,
  });
  const { time } = group;
  const until = (atMs: number) => time.runUntil(() => time.nowMs() >= atMs, atMs + 60_000);
  group.append(60);
  group.join();
  for (let step = 0; step < 12; step += 1) {
    await until(time.nowMs() + time.between(50, 6_000));
    group.append(time.between(0, 40));
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
type Trouble = 'none' | 'crashes' | 'all';
const g = await simulate(Number(process.argv[2]), process.argv[3] as Trouble);
console.log(g.faults, g.repeats);
