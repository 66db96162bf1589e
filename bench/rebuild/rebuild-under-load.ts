import { setTimeout as sleep } from 'node:timers/promises';
import { spawnService } from '@nask/testkit';
import { createGenerations, type GenerationState } from '../../services/projector/src/read-model/generations.ts';
import { rebuild, type RebuildOptions } from '../../services/projector/src/rebuild/rebuild.ts';
import { verify, type Verification } from '../../services/projector/src/verify/verify.ts';
import { openProjectionBench } from '../projection-context.ts';
import { createWatchfulClient, type WatchfulClient } from './watchful-client.ts';

interface RebuildReport extends Pick<WatchfulClient, 'reads' | 'faults'> {
  /** How many tasks' events a second arrived while the read model was rebuilt, and for how many seconds. */
  arrived: { eventsPerSecond: number; seconds: number };
  generations: GenerationState[];
  verification: Verification;
}

const eventsOfATask = 4;
const tasksAtOnce = 1_000;
const tasksPerWrite = 10;
/** Several, since each waits for the reads that follow its write: one alone would not keep the rate. */
const writers = 10;
const readers = 4;
const listPauseMs = 1_000;

/**
 * Rebuilds the read model of a real projector and a real gateway while tasks go on arriving, some are erased, and a
 * client reads: plainly, by tokens, one task or a list of them.
 */
export async function rebuildUnderLoad(
  load: { tasks: number; eventsPerSecond: number },
  options: RebuildOptions = {},
): Promise<RebuildReport> {
  const bench = await openProjectionBench('bench-rebuild');
  const [projector, gateway] = await Promise.all([
    spawnService('projector', bench.env),
    spawnService('gateway', { ...bench.env, READ_WAIT_MS: '60000', RATE_LIMIT_REQUESTS: '100000000' }),
  ]);
  const client = createWatchfulClient({ url: gateway.url, log: bench.log });
  for (let left = load.tasks; left > 0; left -= tasksAtOnce) await client.addTasks(Math.min(left, tasksAtOnce));
  // What is listed first is no more than a page.
  await client.addTasks(tasksPerWrite);

  let isOver = false;
  let arrivedTasks = 0;
  async function until(step: () => Promise<void>, pauseMs: number): Promise<void> {
    while (!isOver) await Promise.all([step(), sleep(pauseMs)]);
  }
  async function write(): Promise<void> {
    await client.addTasks(tasksPerWrite);
    arrivedTasks += tasksPerWrite;
  }
  const pauseMs = (tasksPerWrite * eventsOfATask * 1_000) / load.eventsPerSecond;
  const startedAt = performance.now();
  const working = [
    ...Array.from({ length: writers }, () => until(write, writers * pauseMs)),
    until(() => client.eraseOne(), 5 * pauseMs),
    until(() => client.listNewest(), listPauseMs),
    ...Array.from({ length: readers }, () => until(() => client.readOne(), 10)),
  ];
  await rebuild(bench.context, options);
  const seconds = (performance.now() - startedAt) / 1_000;
  const arrived = { eventsPerSecond: (arrivedTasks * eventsOfATask) / seconds, seconds };
  isOver = true;
  await Promise.all(working);

  const verification = await verify(bench.context, { waitMs: 600_000 });
  const generations = await createGenerations(bench.db).list();
  await Promise.all([gateway.close(), projector.close()]);
  await bench.close();
  return { reads: client.reads, faults: client.faults, arrived, generations, verification };
}
