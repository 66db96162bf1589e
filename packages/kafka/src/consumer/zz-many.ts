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
const [from, to, mode] = process.argv.slice(2);
let bad = 0,
  ended = 0,
  repeats = 0;
for (let s = Number(from); s < Number(to); s++) {
  try {
    const g = await simulate(s, mode as Trouble);
    repeats += g.repeatCount;
    if (g.faults.length || g.repeats.length || (mode === 'none' && g.repeatCount)) {
      bad++;
      console.log(s, mode, g.faults.slice(0, 2), g.repeats.slice(0, 3));
    }
  } catch (e) {
    bad++;
    console.log(s, mode, String(e));
  }
  if (bad > 5) break;
}
console.log('done', mode, 'bad', bad, 'repeats (excused)', repeats);
