import type { Consumer, TopicOffsets } from 'kafkajs';
import { backoffMs } from '@nask/async';
import { logicalName, topicName } from '../../connection.ts';
import type { Logger } from '../../logger.ts';
import type { TopicPartition } from '../../record.ts';
import { sleep } from '../dispatch/dispatcher.ts';
import { instanceOf } from './kafkajs-assigner.ts';
import { KafkajsSession, refusal, type SessionOptions } from './kafkajs-session.ts';
import {
  CommitFencedError,
  MetadataTooLargeError,
  type Commit,
  type GroupClient,
  type GroupListener,
  type LogBounds,
  type Membership,
  type Scheduler,
} from './group-client.ts';

const restartBackoff = { initialMs: 250, maxMs: 1_000 };
/** Failures in a row that count as expected. */
const maxExpectedFailures = 5;
/** What a broker answers for a moment after its start, or after another broker became the coordinator. */
const coordinatorMoves = ['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'];
const fencing = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID'];

/** A consumer group by kafkajs. It joins again, with a new kafkajs consumer, for as long as it is not stopped. */
export class KafkajsGroupClient implements GroupClient {
  readonly #options: SessionOptions & { logger: Logger; scheduler: Scheduler };
  readonly #stopped = new AbortController();
  #session: KafkajsSession | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SessionOptions & { logger: Logger; scheduler: Scheduler }) {
    this.#options = options;
  }

  start(listener: GroupListener): void {
    this.#running = this.#run(listener);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#session?.close().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'could not leave the group; it will notice by its session time-out');
    });
    await this.#running;
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#ifRunning((consumer) => consumer.seek({ ...this.#real(partition), offset: String(offset) }));
  }

  pause(partitions: TopicPartition[]): void {
    this.#ifRunning((consumer) => consumer.pause(this.#byTopic(partitions)));
  }

  resume(partitions: TopicPartition[]): void {
    this.#ifRunning((consumer) => consumer.resume(this.#byTopic(partitions)));
  }

  /** Straight to the coordinator: kafkajs's own commit repeats an old commit under a new generation. */
  async commit({ memberId, generation }: Membership, commits: Commit[]): Promise<void> {
    const topics = [...Map.groupBy(commits, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
      topic: topicName(this.#options.connection, topic),
      partitions: ofTopic.map(({ partition, offset, metadata }) => ({ partition, offset: String(offset), metadata })),
    }));
    const request = { groupId: this.#options.groupId, groupGenerationId: generation, memberId, topics };
    try {
      await this.#connected().askCoordinator((coordinator) => coordinator.offsetCommit(request));
    } catch (error) {
      const reason = refusal(error);
      if (reason !== null && fencing.includes(reason)) throw new CommitFencedError(reason, { cause: error });
      if (reason === 'OFFSET_METADATA_TOO_LARGE') throw new MetadataTooLargeError(reason, { cause: error });
      throw error;
    }
  }

  async committed(partitions: TopicPartition[]): Promise<Commit[]> {
    const request = { groupId: this.#options.groupId, topics: this.#offsetsOf(partitions) };
    const { responses } = await this.#connected().askCoordinator((coordinator) => coordinator.offsetFetch(request));
    return responses.flatMap(({ topic, partitions }) =>
      partitions
        .map(({ partition, offset, ...rest }) => {
          const { metadata } = rest as { metadata?: string | null };
          return { topic: this.#logical(topic), partition, offset: Number(offset), metadata: metadata ?? '' };
        })
        // -1: none. -2: kafkajs's word for the log's start, after what it asked for was gone.
        .filter(({ offset }) => offset >= 0),
    );
  }

  async bounds(partitions: TopicPartition[]): Promise<LogBounds[]> {
    const { cluster } = this.#connected();
    const topics = this.#offsetsOf(partitions);
    try {
      const [starts, ends] = await Promise.all(
        [true, false].map((fromBeginning) =>
          cluster.fetchTopicsOffset(topics.map((topic) => ({ ...topic, fromBeginning }))),
        ),
      );
      const startOf = new Map(this.#flat(starts ?? []).map(({ id, offset }) => [id, offset]));
      return this.#flat(ends ?? []).map(({ id, topic, partition, offset }) => ({
        topic,
        partition,
        logStart: startOf.get(id) ?? 0,
        logEnd: offset,
      }));
    } catch (error) {
      await cluster.refreshMetadata();
      throw error;
    }
  }

  async instances(): Promise<Set<string> | null> {
    const { groupId } = this.#options;
    const { groups } = (await this.#connected().askCoordinator((coordinator) =>
      coordinator.describeGroups({ groupIds: [groupId] }),
    )) as { groups: { state: string; members: { memberMetadata: Buffer }[] }[] };
    const [group] = groups;
    // Only a group that has settled tells what its members said of themselves.
    if (group?.state !== 'Stable') return null;
    return new Set(group.members.map(({ memberMetadata }) => instanceOf(memberMetadata) ?? ''));
  }

  async #run(listener: GroupListener): Promise<void> {
    const { logger, scheduler, groupId } = this.#options;
    let predecessor: string | null = null;
    for (let failures = 0; !this.#stopped.signal.aborted;) {
      const session: KafkajsSession = new KafkajsSession(this.#options, listener, predecessor);
      this.#session = session;
      try {
        await Promise.race([session.run().then(() => session.ended), session.ended]);
      } catch (error) {
        listener.disconnected((error as Error).message);
        if (this.#stopped.signal.aborted) return;
        failures = session.memberId === null ? failures + 1 : 1;
        predecessor = session.memberId ?? predecessor;
        const delayMs = backoffMs(restartBackoff, failures, scheduler.random());
        logFailure(logger, error, { groupId, failures, delayMs });
        await session.close().catch((error: unknown) => logger.debug({ err: error }, 'closing a failed consumer'));
        await sleep(scheduler, delayMs, this.#stopped.signal);
      }
    }
  }

  /** Between two sessions there is nothing to tell: a new generation begins with all of it again. */
  #ifRunning(tell: (consumer: Consumer) => void): void {
    if (this.#session?.isMember) tell(this.#session.consumer);
  }

  #connected(): KafkajsSession {
    if (this.#session === null) throw new Error('the consumer is not started');
    return this.#session;
  }

  #real({ topic, partition }: TopicPartition): TopicPartition {
    return { topic: topicName(this.#options.connection, topic), partition };
  }

  #logical(topic: string): string {
    return logicalName(this.#options.connection, topic);
  }

  #byTopic(partitions: TopicPartition[]): { topic: string; partitions: number[] }[] {
    return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
      topic: topicName(this.#options.connection, topic),
      partitions: ofTopic.map(({ partition }) => partition),
    }));
  }

  /** kafkajs's types ask for an offset where only a partition is meant. */
  #offsetsOf(partitions: TopicPartition[]): TopicOffsets[] {
    return this.#byTopic(partitions).map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => ({ partition, offset: '' })),
    }));
  }

  #flat(offsets: TopicOffsets[]): { id: string; topic: string; partition: number; offset: number }[] {
    return offsets.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => ({
        id: `${topic}/${partition}`,
        topic: this.#logical(topic),
        partition,
        offset: Number(offset),
      })),
    );
  }
}

/** A coordinator that is not ready yet is expected: one line without a stack, unless it stays so. */
export function logFailure(
  logger: Logger,
  error: unknown,
  fields: { groupId: string; failures: number; delayMs: number },
): void {
  const reason = refusal(error) ?? refusal((error as Error).cause ?? {});
  if (reason !== null && coordinatorMoves.includes(reason) && fields.failures <= maxExpectedFailures)
    logger.info({ reason, ...fields }, 'the coordinator of the group is not ready; the consumer starts again');
  else logger.warn({ err: error, ...fields }, 'the consumer has failed; it starts again');
}
