import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogReader, partitionFor, type LogReader } from '@nask/kafka';
import { collectionsOf, type TaskDocument } from '@nask/schemas';
import { BSON, type Collection } from 'mongodb';
import { createCheckpoints } from '../adapters/checkpoints.ts';
import { createGenerations } from '../adapters/generations.ts';
import { decodeBatch } from '../decode-batch.ts';
import { isToBeKept } from '../domain/retention.ts';
import { condensed, isNewer, Shadow } from '../domain/shadow.ts';
import { CommandError, type CommandContext } from './context.ts';
import { openLogState, type LogState } from './log-state.ts';

export interface VerifyOptions {
  /** How many documents are in memory at once; of more tasks the log is read several times. */
  maxTasks?: number;
  /** How long the read model may take to reach what was read of the log. */
  waitMs?: number;
}

export interface Verification {
  tasks: number;
  differences: number;
  /** Tasks that got events all the while: not compared. */
  changing: number;
}

/** How many differences are printed. */
const maxPrinted = 10;
const maxRounds = 5;
const idsPerQuery = 100;

type Stored = Collection<TaskDocument>;
type Ends = Map<string, number>;

/**
 * Replays the log into a shadow in memory and compares the live read model with it, document by document, by checksum.
 * It writes nothing anywhere. What changes meanwhile is compared again with what came.
 * @throws CommandError when the read model is too far behind to be compared
 */
export async function verify(context: CommandContext, options: VerifyOptions = {}): Promise<Verification> {
  const { maxTasks = 200_000 } = options;
  const { connection, db, say, signal } = context;
  const generation = await createGenerations(db).live();
  const reader = createLogReader(connection);
  const log = openLogState(connection);
  const result: Verification = { tasks: 0, differences: 0, changing: 0 };
  try {
    for (let from = 0; from < Infinity && !signal.aborted;) {
      const pass = createPass({ ...context, generation, reader, log, waitMs: options.waitMs ?? 60_000 });
      from = await pass(new Shadow(from, maxTasks), result);
    }
  } finally {
    await reader.stop();
    await log.stop();
  }
  const changing = result.changing === 0 ? '' : `, ${result.changing} changed all the while and were not compared`;
  say(`Generation ${generation}: ${result.tasks} tasks, ${result.differences} differences${changing}.`);
  return result;
}

interface PassContext extends CommandContext {
  generation: number;
  reader: LogReader;
  log: LogState;
  waitMs: number;
}

function createPass(context: PassContext) {
  const { db, codec, reader, log, signal } = context;
  const collections = collectionsOf(context.generation);
  const stored: Stored = db.collection(collections.tasks);
  const checkpoints = createCheckpoints(db, collections.checkpoints);
  const ends: Ends = new Map();
  const nowMs = Date.now();
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
        for (const logged of events) if (wanted?.has(logged.event.data.task_id) !== false) shadow.add(logged);
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

  /** Documents that are not what the shadow says. Those that are leave it. */
  async function suspects(shadow: Shadow): Promise<Map<number, TaskDocument | undefined>> {
    const found = new Map<number, TaskDocument | undefined>();
    const { from, to } = shadow.range;
    const range = { _id: { $gte: from, ...(to < Infinity ? { $lt: to } : {}) } };
    const equal = new Set<number>();
    for await (const document of stored.find(range).sort({ _id: 1 })) {
      if (isEqual(document, shadow.documents.get(document._id))) equal.add(document._id);
      else found.set(document._id, document);
    }
    for (const id of shadow.documents.keys()) if (!equal.has(id) && !found.has(id)) found.set(id, undefined);
    return found;
  }

  async function again(ids: readonly number[]): Promise<Map<number, TaskDocument | undefined>> {
    const found = new Map<number, TaskDocument | undefined>(ids.map((id) => [id, undefined]));
    for (let start = 0; start < ids.length; start += idsPerQuery) {
      const some = ids.slice(start, start + idsPerQuery);
      for await (const document of stored.find({ _id: { $in: some } })) found.set(document._id, document);
    }
    return found;
  }

  /** What is compared of a document: nothing of one that no client sees, or whose retention ends about now. */
  function compared(document: TaskDocument | undefined): TaskDocument | undefined {
    return document !== undefined && isToBeKept(document, context.retentionMs, nowMs) ? document : undefined;
  }

  function isEqual(found: TaskDocument | undefined, made: TaskDocument | undefined): boolean {
    const [document, expected] = [compared(found), compared(made)];
    if (document === undefined || expected === undefined) return document === expected;
    return checksum(condensed(document)) === checksum(expected);
  }

  return async (shadow: Shadow, result: Verification): Promise<number> => {
    await readOn(shadow);
    await untilReached();
    let open = await suspects(shadow);
    for (let round = 1; open.size > 0 && !signal.aborted; round += 1) {
      const isDifferent = ([id, document]: [number, TaskDocument | undefined]) =>
        !isEqual(document, shadow.documents.get(id));
      const isLate = ([id, document]: [number, TaskDocument | undefined]) =>
        document !== undefined && isNewer(document, partitionFor(String(id), partitionCount), ends);
      const differing = [...open].filter(isDifferent).toSorted(([a], [b]) => a - b);
      for (const [id, document] of differing.filter((entry) => !isLate(entry)))
        report(context, (result.differences += 1), id, document, shadow.documents.get(id));
      const late = differing.filter(isLate).map(([id]) => id);
      if (late.length === 0) break;
      if (round === maxRounds) {
        result.changing += late.length;
        break;
      }
      await readOn(shadow, new Set(late));
      await untilReached();
      open = await again(late);
    }
    for (const document of shadow.documents.values()) if (compared(document) !== undefined) result.tasks += 1;
    return shadow.range.to;
  };
}

function checksum(document: TaskDocument): string {
  return createHash('sha256').update(BSON.serialize(document)).digest('hex');
}

function report(
  { say }: CommandContext,
  count: number,
  id: number,
  found: TaskDocument | undefined,
  expected: TaskDocument | undefined,
): void {
  if (count > maxPrinted) return;
  const shown = (document: TaskDocument | undefined) =>
    document === undefined ? 'nothing' : JSON.stringify(condensed(document));
  say(`Task ${id}\n  read model: ${shown(found)}\n  log:        ${shown(expected)}`);
}
