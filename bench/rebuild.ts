/**
 * `npm run bench -- rebuild [tasks] [events a second]`: so many tasks of four events each are projected, then the read model is
 * rebuilt while events go on arriving and GETs run. Each GET of a task that is in the log, also of one that was written a
 * moment ago, has to be a 200; afterwards verify has to find no difference.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnService } from '@nask/testkit';
import { rebuild } from '../services/projector/src/commands/rebuild.ts';
import { verify } from '../services/projector/src/commands/verify.ts';
import { openProjectionBench } from './projection-context.ts';
import { onServers } from './servers.ts';

const tasks = Number(process.argv[2] ?? 250_000);
const eventsPerSecond = Number(process.argv[3] ?? 500);
const tasksPerWrite = 25;

await onServers(async () => {
  const bench = await openProjectionBench('bench-rebuild');
  await bench.writeLives(1, tasks);
  const [projector, gateway] = await Promise.all([
    spawnService('projector', bench.env),
    spawnService('gateway', { ...bench.env, READ_WAIT_MS: '60000' }),
  ]);
  await verify(bench.context, { waitMs: 3_600_000 });

  let lastId = tasks;
  const failed: string[] = [];
  let reads = 0;
  let isOver = false;
  async function read(id: number): Promise<void> {
    const { status } = await fetch(`${gateway.url}/api/tasks/${id}`).catch((error: Error) => ({
      status: error.message,
    }));
    reads += 1;
    if (status !== 200) failed.push(`task ${id}: ${status}`);
  }
  const writing = (async () => {
    while (!isOver) {
      await bench.writeLives(lastId + 1, tasksPerWrite);
      lastId += tasksPerWrite;
      await Promise.all([read(lastId), sleep((tasksPerWrite * 4 * 1_000) / eventsPerSecond)]);
    }
  })();
  const reading = (async () => {
    while (!isOver) await Promise.all([read(1 + randomInt(lastId)), sleep(20)]);
  })();

  await rebuild(bench.context);
  isOver = true;
  await Promise.all([writing, reading]);
  const { differences } = await verify(bench.context, { waitMs: 600_000 });
  console.log(`${reads} reads, ${failed.length} of them not answered 200. ${failed.slice(0, 5).join('; ')}`);
  process.exitCode = differences === 0 && failed.length === 0 ? 0 : 1;
  await Promise.all([gateway.close(), projector.close()]);
  await bench.close();
});
