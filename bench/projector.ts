/**
 * `npm run bench -- projector [tasks]`: events a second, from the log's start to the last checkpoint, with four events a task,
 * beside bare bulk writes of the very same documents and history by the same driver, in one run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { collectionsOf } from '@nask/schemas';
import type { Collection, Db, Document } from 'mongodb';
import { createCheckpoints } from '../services/projector/src/positions/checkpoints.ts';
import { durable } from '../services/projector/src/read-model/store-connection.ts';
import { ensureIndexes } from '../services/projector/src/read-model/indexes.ts';
import { openLogState } from '../services/projector/src/commands/context.ts';
import { rebuild } from '../services/projector/src/rebuild/rebuild.ts';
import { verify } from '../services/projector/src/verify/verify.ts';
import { openProjectionBench } from './projection-context.ts';
import { onServers } from './servers.ts';
import { printTable } from './table.ts';

const tasks = Number(process.argv[2] ?? 2_000);
const documentsPerWrite = 1_000;

/** Seconds that it takes to write all documents of a collection into another one, in batches as large as the projector's. */
async function writeBare(from: Collection<Document>, to: Collection<Document>): Promise<number> {
  const documents = await from.find().toArray();
  const startedMs = performance.now();
  for (let start = 0; start < documents.length; start += documentsPerWrite) {
    const some = documents.slice(start, start + documentsPerWrite);
    await to.bulkWrite(
      some.map((document) => ({ insertOne: { document } })),
      { ordered: false, ...durable },
    );
  }
  return (performance.now() - startedMs) / 1_000;
}

async function bare(db: Db, generation: number): Promise<{ seconds: number; writes: number }> {
  const [made, copy] = [collectionsOf(generation), collectionsOf(generation + 1_000)];
  await ensureIndexes(db, copy, 86_400_000);
  let [seconds, writes] = [0, 0];
  for (const name of ['tasks', 'taskEvents'] as const) {
    seconds += await writeBare(db.collection(made[name]), db.collection(copy[name]));
    writes += await db.collection(copy[name]).countDocuments();
  }
  return { seconds, writes };
}

await onServers(async () => {
  const bench = await openProjectionBench('bench-projector');
  const { db, context } = bench;
  await bench.writeLives(1, tasks);
  const events = bench.log.written.length;

  const checkpoints = createCheckpoints(db, collectionsOf(2).checkpoints);
  const state = openLogState(context.connection);
  const startedMs = performance.now();
  const building = rebuild(context, { intervalMs: 200, overlapMs: 0 });
  for (;;) {
    const partitions = await state.look(checkpoints);
    if (partitions.every(({ checkpoint, logEnd }) => (checkpoint ?? 0) >= logEnd)) break;
    await sleep(50);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  await building;
  const written = await bare(db, 2);
  const { differences } = await verify(context);

  printTable(
    ['', 'seconds', 'a second'],
    [
      [
        `projected: ${events} events, joining the group included`,
        seconds.toFixed(1),
        String(Math.round(events / seconds)),
      ],
      [
        `bare bulk writes of the ${written.writes} documents`,
        written.seconds.toFixed(1),
        String(Math.round(written.writes / written.seconds)),
      ],
    ],
  );
  console.log(`Time of the projection to that of bare writes: ${(seconds / written.seconds).toFixed(2)}`);
  process.exitCode = differences === 0 ? 0 : 1;
  await state.stop();
  await bench.close();
});
