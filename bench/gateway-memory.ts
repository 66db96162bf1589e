/**
 * `node bench/gateway-memory.ts [minutes] [stored tasks]`: the memory of a gateway under load at 64 connections, POSTs and
 * GETs by id, minute by minute. It is flat when the second half of the run takes no more than the first, 10 % aside.
 */
import { isolate, runContract, serviceEnv, spawnService } from '@nask/testkit';
import { load } from './gateway/load.ts';
import { getOf, post } from './gateway/requests.ts';
import { storeTasks } from './gateway/store-tasks.ts';
import { gatewayTarget } from './gateway/target.ts';
import { onServers } from './servers.ts';
import { printTable } from './table.ts';

const minutes = Number(process.argv[2] ?? 10);
const storedTasks = Number(process.argv[3] ?? 10_000);
const mostGrowth = 1.1;

const meanOf = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

await onServers(async () => {
  const env = serviceEnv(isolate('bench-gateway-memory'));
  await runContract(env);
  const gateway = gatewayTarget(await spawnService('gateway', env));
  try {
    // Not before: a gateway does not start with ids that are there already.
    await storeTasks(env, storedTasks);
    const get = getOf(storedTasks);
    const rows: string[][] = [];
    const rssMb: number[] = [];
    for (let minute = 1; minute <= minutes; minute += 1) {
      const posts = await load(gateway, post, { seconds: 30, status: 202 });
      const gets = await load(gateway, get, { seconds: 30, status: 200 });
      rssMb.push(gets.rssMb);
      rows.push([String(minute), posts.perSecond.toFixed(0), gets.perSecond.toFixed(0), gets.rssMb.toFixed(0)]);
    }
    printTable(['minute', 'POSTs/s', 'GETs/s', 'RSS MB'], rows);
    const half = Math.floor(minutes / 2);
    const growth = meanOf(rssMb.slice(half)) / meanOf(rssMb.slice(0, half));
    console.log(
      `${storedTasks} tasks stored; the second half takes ${growth.toFixed(2)} times the memory of the first`,
    );
    process.exitCode = growth <= mostGrowth ? 0 : 1;
  } finally {
    await gateway.close();
  }
});
