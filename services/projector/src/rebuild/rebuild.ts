import { setTimeout as sleep } from 'node:timers/promises';
import { createParallelConsumer, createTopicIds, deleteGroup } from '@nask/kafka';
import { readModelVersion, topicsReadBy } from '@nask/schemas';
import { Registry } from 'prom-client';
import { CommandError, openLogState, type CommandContext } from '../commands/context.ts';
import { createProjectorMetrics } from '../metrics.ts';
import { createGenerations } from '../read-model/generations.ts';
import { openReadModel } from '../read-model/read-model.ts';
import { hasCaughtUp, progressLine, progressOf, type PartitionProgress } from './progress.rules.ts';

export interface RebuildOptions {
  /** How often it looks how far it is. */
  intervalMs?: number;
  /** How long the new read model is kept current from here after the switch, while the projectors take over. */
  overlapMs?: number;
}

/**
 * Builds a new generation of the read model from the log's start beside the live one, and makes it the live one once it
 * has caught up. Interrupted, it goes on where it was when it is started again. It writes to the database and to its
 * own consumer group alone, which it deletes in the end: what cannot be projected is counted, no dead letter is written.
 * @throws CommandError
 */
export async function rebuild(context: CommandContext, options: RebuildOptions = {}): Promise<void> {
  const { intervalMs = 500, overlapMs = 15_000 } = options;
  const { connection, db, codec, topicPrefix, retentionMs, logger, signal, print } = context;
  const generations = createGenerations(db);
  const generation = await generations.build();
  print(`Building generation ${generation} of the read model beside generation ${await generations.live()}.`);

  let refusedRecords = 0;
  const topicIds = createTopicIds(connection);
  const model = openReadModel({
    db,
    generation,
    retentionMs,
    codec,
    topicIds,
    metrics: createProjectorMetrics(new Registry()),
    logger,
  });
  // Versions are rebuilt side by side, in groups of their own.
  const groupId = `${topicPrefix}projector-rebuild-v${readModelVersion}-${generation}`;
  const consumer = createParallelConsumer({
    connection,
    groupId,
    topics: topicsReadBy('projector'),
    batchHandler: (records) => model.project(records, async () => void (refusedRecords += 1)),
    maxBatchRecords: context.maxBatchEvents,
    maxBatchBytes: context.maxBatchBytes,
    loadPositions: (assigned) => model.loadPositions(assigned),
    logger,
  });
  const log = openLogState(connection);
  const pause = (delayMs: number) => sleep(delayMs, undefined, { signal }).catch(() => undefined);

  async function untilCaughtUp(): Promise<void> {
    const startedAtMs = performance.now();
    let startedDone: number | undefined;
    let earlier: PartitionProgress[] = [];
    while (!signal.aborted) {
      const fault = model.fault();
      if (fault !== undefined)
        throw new CommandError(`${fault}: npm run projector -- drop ${generation}, then begin anew`);
      const now = await log.look(model.checkpoints);
      const progress = progressOf(now);
      startedDone ??= progress.done;
      context.progress(progressLine(progress, startedDone, performance.now() - startedAtMs));
      if (hasCaughtUp(earlier, now)) return;
      earlier = now;
      await pause(intervalMs);
    }
  }

  await consumer.start();
  try {
    await untilCaughtUp();
    if (signal.aborted) {
      print(`Stopped. The next rebuild goes on with generation ${generation}.`);
      return;
    }
    const before = await generations.live();
    await generations.switchTo(generation);
    print(`Generation ${generation} is the live read model now. ${refusedRecords} records could not be projected.`);
    print('Keeping it current until the projectors have taken over …');
    await pause(overlapMs);
    print(`Done. The old one is kept: npm run projector -- drop ${before} deletes it.`);
  } finally {
    await consumer.stop();
    await log.stop();
    await topicIds.stop();
    await dropGroup(context, groupId);
  }
}

/** Its positions are in the database. Another rebuild of the same generation that still runs deletes the group later. */
async function dropGroup({ connection, logger }: CommandContext, groupId: string): Promise<void> {
  try {
    await deleteGroup(connection, groupId);
  } catch (error) {
    logger.warn({ err: error, group: groupId }, 'the consumer group of the rebuild stays until Kafka drops it');
  }
}
