import { setTimeout as sleep } from 'node:timers/promises';
import type { LogReader } from '@nask/kafka';
import { collectionsOf, type ReadModelCollections, type TaskDocument, type TaskEventDocument } from '@nask/schemas';
import type { Db } from 'mongodb';
import { CommandError, type CommandContext, type LogState } from '../commands/context.ts';
import { historyEntry } from '../events/history.ts';
import { decodeBatch } from '../on-events.ts';
import { createCheckpoints } from '../positions/checkpoints.ts';
import { checksum, comparedEvent, createTaskComparison, type StoredTask, type TaskDifference } from './comparison.ts';
import type { IdRange, Shadow } from './shadow.ts';

interface PassResult {
  /** Where the next pass begins; Infinity: this was the last one. */
  next: number;
  /** Tasks that were compared. */
  tasks: number;
  /** Tasks that got events in every round: not compared. */
  changing: number;
}

interface PassContext extends CommandContext {
  generation: number;
  reader: LogReader;
  log: LogState;
  /** How long the read model may take to reach what was read of the log. */
  waitMs: number;
  onDifference(difference: TaskDifference): void;
}

const maxRounds = 5;
const idsPerLoad = 100;

/**
 * One reading of the log into a shadow, and the comparison of the read model's part with it. What differs and got
 * events meanwhile is compared again with what came.
 */
export function createPass(context: PassContext): (shadow: Shadow) => Promise<PassResult> {
  const { db, codec, reader, log, signal, retentionMs } = context;
  const collections = collectionsOf(context.generation);
  const stored = openStoredTasks(db, collections);
  const checkpoints = createCheckpoints(db, collections.checkpoints);
  const ends = new Map<string, number>();
  const comparison = createTaskComparison({
    ends,
    partitionCount: () => partitionCount,
    retentionMs,
    nowMs: Date.now(),
  });
  let partitionCount = 0;

  /** Reads on from where it is to the log's end, as that is now. */
  async function readOn(shadow: Shadow, wanted?: ReadonlySet<number>): Promise<void> {
    for (const { id, topic, partition, logStart, logEnd } of await log.look(checkpoints)) {
      partitionCount = Math.max(partitionCount, partition + 1);
      const from = ends.get(id) ?? logStart;
      ends.set(id, Math.max(from, logEnd));
      if (from >= logEnd || signal.aborted) continue;
      for await (const record of reader.read({ topic, partition }, { offset: from })) {
        ends.set(id, Math.max(ends.get(id)!, record.offset + 1));
        const { events } = await decodeBatch(codec, [record]);
        for (const logged of events) {
          if (wanted?.has(logged.event.data.task_id) === false) continue;
          const entry = historyEntry(logged, partition);
          shadow.add(logged, entry && comparedEvent(entry));
        }
      }
      context.progress(`read ${topic}/${partition}, ${shadow.documents.size} tasks`);
    }
  }

  async function untilReached(): Promise<void> {
    const deadlineAtMs = performance.now() + context.waitMs;
    for (;;) {
      const behind = (await log.look(checkpoints)).filter(({ id, checkpoint }) => (checkpoint ?? 0) < ends.get(id)!);
      if (behind.length === 0 || signal.aborted) return;
      if (performance.now() > deadlineAtMs)
        throw new CommandError(
          `the read model has not reached what the log had ${context.waitMs / 1_000} s ago, in ${behind.map(({ id }) => id).join(', ')}: is a projector running?`,
        );
      await sleep(200, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Tasks that seem to differ, at a first look that holds nothing but ids. */
  async function suspects(shadow: Shadow): Promise<Set<number>> {
    const [equal, found] = [new Set<number>(), new Set<number>()];
    for await (const document of stored.documents(shadow.range))
      (comparison.isEqual(shadow, document) ? equal : found).add(document._id);
    for (const id of shadow.documents.keys()) if (!equal.has(id)) found.add(id);

    const equalEvents = new Map<number, number>();
    for await (const entry of stored.events(shadow.range)) {
      const { topic, offset, task_id: id } = entry;
      const expected = comparison
        .history(shadow, id)
        ?.get(topic)
        ?.find((event) => event.offset === offset);
      if (expected?.checksum === checksum(entry)) equalEvents.set(id, (equalEvents.get(id) ?? 0) + 1);
      else if (shadow.documents.has(id)) found.add(id);
    }
    for (const id of shadow.documents.keys()) {
      const expected = [...(comparison.history(shadow, id)?.values() ?? [])].flat().length;
      if ((equalEvents.get(id) ?? 0) < expected) found.add(id);
    }
    return found;
  }

  /** @returns those that have more events than were read */
  async function settle(shadow: Shadow, open: readonly number[]): Promise<number[]> {
    const late: number[] = [];
    for (let start = 0; start < open.length && !signal.aborted; start += idsPerLoad)
      for (const [id, found] of await stored.load(open.slice(start, start + idsPerLoad))) {
        const difference = comparison.compare(shadow, id, found);
        if (difference === undefined) continue;
        if (comparison.isLate(difference)) late.push(id);
        else context.onDifference(difference);
      }
    return late;
  }

  return async (shadow) => {
    await readOn(shadow);
    await untilReached();
    let open = [...(await suspects(shadow))].toSorted((a, b) => a - b);
    for (let round = 1; open.length > 0 && !signal.aborted; round += 1) {
      open = await settle(shadow, open);
      if (open.length === 0 || round === maxRounds) break;
      await readOn(shadow, new Set(open));
      await untilReached();
    }
    const tasks = [...shadow.documents.values()].filter((document) => comparison.isCompared(document)).length;
    return { next: shadow.range.to, tasks, changing: signal.aborted ? 0 : open.length };
  };
}

/** Reads a generation of the read model, to compare it. */
interface StoredTasks {
  /** All documents of a range, in any order: to sort them is slow in some stores. */
  documents(range: IdRange): AsyncIterable<TaskDocument>;
  /** All history of a range, in any order. */
  events(range: IdRange): AsyncIterable<TaskEventDocument>;
  /** All that there is now of some tasks, at most a hundred at once. */
  load(ids: readonly number[]): Promise<Map<number, StoredTask>>;
}

function openStoredTasks(db: Db, collections: ReadModelCollections): StoredTasks {
  const tasks = db.collection<TaskDocument>(collections.tasks);
  const events = db.collection<TaskEventDocument>(collections.taskEvents);
  const within = ({ from, to }: IdRange) => ({ $gte: from, ...(to < Infinity ? { $lt: to } : {}) });
  return {
    documents: (range) => tasks.find({ _id: within(range) }),
    events: (range) => events.find({ task_id: within(range) }),
    async load(ids) {
      const found = new Map<number, StoredTask>(ids.map((id) => [id, { history: [] }]));
      const some = [...ids];
      for await (const document of tasks.find({ _id: { $in: some } })) found.get(document._id)!.document = document;
      for await (const entry of events.find({ task_id: { $in: some } })) found.get(entry.task_id)!.history.push(entry);
      return found;
    },
  };
}
