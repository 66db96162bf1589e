import { setTimeout as sleep } from 'node:timers/promises';
import { isolate, runContract, serviceEnv, spawnService } from '@nask/testkit';
import { withServers } from './servers.ts';

/*
 * What an executor that has nothing to do costs: the CPU time of its process, threads and all, over a while.
 */

const settleMs = 10_000;
const measuredMs = 30_000;
const goalPercent = 1;

/** True when it stays below the goal. */
function benchIdle(): Promise<boolean> {
  return withServers(async (servers) => {
    const env = serviceEnv(isolate('bench-idle'), servers);
    await runContract(env);
    const executor = await spawnService('executor', env);
    try {
      await sleep(settleMs);
      const startedMs = performance.now();
      const before = await cpuSeconds(executor.opsUrl);
      await sleep(measuredMs);
      const used = (await cpuSeconds(executor.opsUrl)) - before;
      const percent = (used / ((performance.now() - startedMs) / 1_000)) * 100;
      console.log(`an idle executor uses ${percent.toFixed(2)} % of a core (goal: less than ${goalPercent} %)`);
      return percent < goalPercent;
    } finally {
      await executor.close();
    }
  });
}

async function cpuSeconds(opsUrl: string): Promise<number> {
  const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
  const seconds = /^process_cpu_seconds_total(?:\{.*\})? (\S+)/m.exec(metrics)?.[1];
  if (seconds === undefined) throw new Error('the executor does not say its CPU time');
  return Number(seconds);
}

process.exitCode = (await benchIdle()) ? 0 : 1;
