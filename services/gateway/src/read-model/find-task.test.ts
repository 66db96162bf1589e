import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TaskDocument, TopicName } from '@nask/schemas';
import { TaskErasedError, TaskNotFoundError, UnavailableError } from '../errors.ts';
import { documentOfSlots } from '../fixtures/task-documents.ts';
import { createCheckpointWatch } from './checkpoint-watch.ts';
import { createCoalescer } from './coalescer.ts';
import { findTask, requestTopics, type LogRange, type TaskFinderPorts } from './find-task.ts';

const partitionCount = 3;
const partitionOf = (id: number, count: number) => id % count;
const topics = ['tasks.scheduled', 'tasks.requested'] as const;
type RequestTopic = (typeof topics)[number];
const unbounded = () => new AbortController().signal;

describe('a read by id', () => {
  test('whatever the order of writes, projection and reads: a task that was accepted before is found, one that was not is not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 12 }),
        fc.array(fc.constantFrom(...topics), { minLength: 6, maxLength: 6 }),
        async (scheduler, questions, topicOf) => {
          const world = createWorld(() => scheduler.schedule(Promise.resolve()));
          const ids = [1, 2, 3, 4, 5, 6];
          const writing = (async () => {
            for (const id of ids) {
              await scheduler.schedule(Promise.resolve(), `accept ${id}`);
              world.accept(id, topicOf[id - 1]);
            }
          })();
          const projecting = (async () => {
            for (const [i, partition] of [0, 1, 2, 2, 1, 0].entries()) {
              await scheduler.schedule(Promise.resolve(), `project ${partition}`);
              world.projectOne(partition, topics[i % 2]);
            }
            await writing;
            for (const id of ids) for (const topic of topics) world.projectOne(partitionOf(id, partitionCount), topic);
          })();
          const reading = questions.map(async (id) => {
            await scheduler.schedule(Promise.resolve(), `read ${id}`);
            const acceptedBefore = world.isAccepted(id);
            const found = await findTask(world.ports, id, unbounded).then(
              (document) => document._id === id,
              (error: unknown) => !(error instanceof TaskNotFoundError),
            );
            if (acceptedBefore) expect(found).toBe(true);
            if (!world.isAccepted(id)) expect(found).toBe(false);
          });
          await scheduler.waitFor(Promise.all([writing, projecting, ...reading]));
        },
      ),
    );
  });

  test('waits while the projector has not begun with the partition', async () => {
    const world = createWorld();
    world.accept(4);
    const answer = findTask(world.ports, 4, unbounded);
    await world.nextPoll();
    world.projectOne(partitionOf(4, partitionCount));
    expect((await answer)._id).toBe(4);
  });

  test('does not wait for a partition without records, nor for one whose records have all left the log', async () => {
    const world = createWorld();
    await expect(findTask(world.ports, 4, unbounded)).rejects.toThrow('There is no task 4.');
    world.accept(4);
    world.expireLog();
    await expect(findTask(world.ports, 4, unbounded)).rejects.toThrow(TaskNotFoundError);
  });

  test('a document without its request is no task', async () => {
    const world = createWorld();
    world.documents.set(4, { _id: 4, status: 'PENDING' });
    await expect(findTask(world.ports, 4, unbounded)).rejects.toThrow(TaskNotFoundError);
  });

  test('a task that was erased is told apart from one that never was, at once', async () => {
    const world = createWorld();
    world.documents.set(4, { _id: 4, status: 'ERASED' });
    await expect(findTask(world.ports, 4, unbounded)).rejects.toThrow(TaskErasedError);
  });

  test('beyond the bound it says that it does not know, and waits no longer', async () => {
    const world = createWorld();
    world.accept(4);
    const bound = new AbortController();
    const answer = findTask(world.ports, 4, () => bound.signal);
    await world.nextPoll();
    bound.abort(new UnavailableError('READ_MODEL_BEHIND', 'late'));
    await expect(answer).rejects.toThrow('late');
    // The loop of polls ends when nobody waits: a new question begins it again.
    world.projectOne(partitionOf(4, partitionCount));
    expect((await findTask(world.ports, 4, unbounded))._id).toBe(4);
  });

  test('the bound also ends a look-up of the log that does not answer', async () => {
    const world = createWorld();
    const bound = new AbortController();
    const ports = { ...world.ports, logRanges: () => new Promise<never>(() => {}) };
    const answer = findTask(ports, 4, () => bound.signal);
    bound.abort(new UnavailableError('READ_MODEL_BEHIND', 'late'));
    await expect(answer).rejects.toThrow('late');
  });

  test('a task that is there is answered without Kafka and without a bound', async () => {
    const world = createWorld();
    world.accept(4);
    world.projectOne(partitionOf(4, partitionCount));
    const refuse = () => {
      throw new Error('not needed');
    };
    expect((await findTask({ ...world.ports, logRanges: refuse }, 4, refuse))._id).toBe(4);
  });
});

test('a topic that is reserved is not asked for a task: it has no log', () => {
  expect(requestTopics).toEqual(['tasks.requested']);
});

describe('the watch of checkpoints', () => {
  test('those who wait share one poll, of their partitions', async () => {
    const polls: string[][] = [];
    const gates = [Promise.withResolvers<Map<string, number>>(), Promise.withResolvers<Map<string, number>>()];
    const watch = createCheckpointWatch({
      read: (ids) => {
        polls.push(ids);
        return gates[polls.length - 1]!.promise;
      },
      pause: async () => {},
    });
    const waits = ['a/1', 'a/2', 'a/2', 'a/2'].map((id) => watch.reached(id, 5, unbounded()));
    gates[0]!.resolve(new Map([['a/1', 5]]));
    await waits[0];
    gates[1]!.resolve(new Map([['a/2', 9]]));
    await Promise.all(waits);
    expect(polls).toEqual([['a/1'], ['a/2']]);
  });

  test('when the checkpoints cannot be read, those who wait are told why', async () => {
    const watch = createCheckpointWatch({ read: async () => Promise.reject(new Error('away')), pause: async () => {} });
    await expect(watch.reached('a/0', 1, unbounded())).rejects.toThrow('away');
  });

  test('closed, it ends all waiting, now and later', async () => {
    const watch = createCheckpointWatch({ read: async () => new Map(), pause: () => new Promise(() => {}) });
    const wait = watch.reached('a/0', 1, unbounded());
    watch.close(new UnavailableError('STOPPING', 'stopping'));
    await expect(wait).rejects.toThrow('stopping');
    await expect(watch.reached('a/0', 1, unbounded())).rejects.toThrow('stopping');
  });
});

/** The logs of requests, a projector that is moved by hand, and the read model between them. */
function createWorld(delay: () => Promise<void> = async () => {}) {
  const newLog = () => Array.from({ length: partitionCount }, () => [] as number[]);
  const logs = { 'tasks.scheduled': newLog(), 'tasks.requested': newLog() };
  let isExpired = false;
  const nextOffset = new Map<string, number>();
  const documents = new Map<number, TaskDocument>();
  let polled = Promise.withResolvers<void>();

  const tasks = createCoalescer<number, TaskDocument>(async (ids) => {
    await delay();
    const present = ids.flatMap((id) => documents.get(id) ?? []);
    await delay();
    return new Map(present.map((document) => [document._id, document]));
  }, 2);
  const ranges = createCoalescer<RequestTopic, ReadonlyMap<number, LogRange>>(async ([topic]) => {
    await delay();
    const all = new Map(
      logs[topic!].map(({ length }, partition) => [partition, { logStart: isExpired ? length : 0, logEnd: length }]),
    );
    await delay();
    return new Map([[topic!, all]]);
  }, 1);
  const watch = createCheckpointWatch({
    read: async (ids) => {
      await delay();
      polled.resolve();
      polled = Promise.withResolvers();
      return new Map(
        ids.flatMap((id) => {
          const offset = nextOffset.get(id);
          return offset === undefined ? [] : [[id, offset]];
        }),
      );
    },
    pause: () => delay().then(() => new Promise((resolve) => setImmediate(resolve))),
  });
  const ports: TaskFinderPorts = {
    readTask: tasks.get,
    requestTopics: topics,
    logRanges: async (topic: TopicName) => (await ranges.get(topic as RequestTopic))!,
    partitionOf,
    projected: (topic, partition, offset, signal) => watch.reached(`${topic}/${partition}`, offset, signal),
  };

  return {
    ports,
    documents,
    accept: (id: number, topic: RequestTopic = 'tasks.requested') =>
      void logs[topic][partitionOf(id, partitionCount)]!.push(id),
    isAccepted: (id: number) => topics.some((topic) => logs[topic].flat().includes(id)),
    /** Documents first, then the checkpoint. */
    projectOne(partition: number, topic: RequestTopic = 'tasks.requested') {
      const place = `${topic}/${partition}`;
      const offset = nextOffset.get(place) ?? 0;
      const id = logs[topic][partition]![offset];
      if (id !== undefined) documents.set(id, documentOf(id, offset, topic));
      nextOffset.set(place, offset + (id === undefined ? 0 : 1));
    },
    expireLog() {
      isExpired = true;
    },
    nextPoll: () => polled.promise,
  };
}

function documentOf(id: number, offset: number, topic: RequestTopic): TaskDocument {
  const slot = topic === 'tasks.requested' ? 'requested' : 'scheduled';
  const request = { offset, event_id: 'e', type: 'prime', payload: '{}', notify_url: null, requested_at: new Date(0) };
  return documentOfSlots({ _id: id, status: 'PENDING', [slot]: request });
}
