import { orAborted } from '@nask/async';
import type { LogEnds } from '@nask/kafka';
import { activeTopics, slotTopics, type TaskDocument, type TopicName } from '@nask/schemas';
import { TaskErasedError, TaskNotFoundError, UnavailableError } from '../errors.ts';
import { isVisible, type VisibleTaskDocument } from '../tasks/task-view.rules.ts';

/** The offsets between which a partition has records: `logEnd` is the one that the next record gets. */
export interface LogRange {
  logStart: number;
  logEnd: number;
}

/** Finds a task; `startBound` is called if it has to wait. @throws TaskNotFoundError, TaskErasedError */
export type FindTask = (id: number, startBound: () => AbortSignal) => Promise<VisibleTaskDocument>;

export interface TaskFinderPorts {
  /** Reads one document, as it is at the time of the call or later. */
  readTask(id: number): Promise<TaskDocument | undefined>;
  /** Where the request of a task may be. */
  requestTopics: readonly TopicName[];
  /** The ranges of all partitions of a topic, as they are at the time of the call or later. */
  logRanges(topic: TopicName): Promise<ReadonlyMap<number, LogRange>>;
  /** The partition of a task, of so many. */
  partitionOf(id: number, partitionCount: number): number;
  /** Resolves when everything below the offset of the partition is in the read model. */
  projected(topic: TopicName, partition: number, offset: number, signal: AbortSignal): Promise<void>;
}

/** The topics that exist and whose events make a task visible. A reserved one has no log. */
export const requestTopics: readonly TopicName[] = [slotTopics.scheduled, slotTopics.requested].filter(
  (topic) => topic in activeTopics,
);

/**
 * Finds a task so that a client reads its own writes, by position. A document that is missing may only be late, so the
 * question waits until the read model has passed the ends of the task's partition in the topics of requests, as they are
 * now: whatever was accepted before the question is below one of them. What is missing then does not exist. A partition without records needs no wait:
 * what has left the log is older than what the read model keeps.
 * @param startBound called when it has to wait: the signal that ends the wait
 * @throws TaskNotFoundError when the task does not exist; TaskErasedError when it was erased; the signal's reason when the truth is not known within the bound
 */
export async function findTask(
  ports: TaskFinderPorts,
  id: number,
  startBound: () => AbortSignal,
): Promise<VisibleTaskDocument> {
  const present = refuseErased(await ports.readTask(id));
  if (isVisible(present)) return present;

  const signal = startBound();
  const waits = await Promise.all(ports.requestTopics.map((topic) => projectedAll(ports, topic, id, signal)));
  if (waits.includes(true)) {
    const late = refuseErased(await ports.readTask(id));
    if (isVisible(late)) return late;
  }
  throw new TaskNotFoundError(`There is no task ${id}.`);
}

/** Waits until all that the task's partition of the topic has now is in the read model. @returns whether it has anything */
export async function projectedAll(
  ports: Pick<TaskFinderPorts, 'logRanges' | 'partitionOf' | 'projected'>,
  topic: TopicName,
  id: number,
  signal: AbortSignal,
): Promise<boolean> {
  const log = await orAborted(ports.logRanges(topic), signal);
  const partition = ports.partitionOf(id, log.size);
  const range = log.get(partition);
  if (range === undefined) throw new Error(`${topic} has no partition ${partition}`);
  if (range.logEnd === range.logStart) return false;
  await ports.projected(topic, partition, range.logEnd, signal);
  return true;
}

function refuseErased(document: TaskDocument | undefined): TaskDocument | undefined {
  if (document?.status === 'ERASED') throw new TaskErasedError(`Task ${document._id} was erased.`);
  return document;
}

/**
 * Makes the function that says between which offsets a topic has records, asked of Kafka after the call and once for all
 * who ask meanwhile.
 * @throws UnavailableError READ_MODEL_UNAVAILABLE when Kafka does not answer in time
 */
export function createLogRanges(logEnds: LogEnds): (topic: TopicName) => Promise<ReadonlyMap<number, LogRange>> {
  return async (topic) => {
    try {
      return await logEnds.endOffsets(topic);
    } catch (error) {
      throw new UnavailableError(
        'READ_MODEL_UNAVAILABLE',
        'What is asked for is not in the read model, and Kafka does not answer whether it may only be late.',
        { cause: error },
      );
    }
  };
}
