import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { topics, type TaskEventDocument, type TopicName } from '@nask/schemas';
import { visibleSlotTopics, type Positions, type TaskState } from '../read-model/task-state.rules.ts';
import { createTaskWatch } from '../read-model/task-watch.ts';
import { followTask, isComplete, type FollowedEvent, type FollowPorts } from './follow-task.ts';

const never = new AbortController().signal;
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

const life = ['tasks.requested', 'tasks.started', 'tasks.progressed', 'tasks.completed'] as const;

function eventOf(topic: TopicName, offset = 7): TaskEventDocument {
  const at = new Date(life.indexOf(topic as (typeof life)[number]));
  const event = topics[topic].event!;
  return {
    _id: `1/${topic}/${offset}`,
    task_id: 1,
    topic,
    event,
    event_id: topic,
    partition: 0,
    offset,
    at,
    attempt: 1,
    data: {},
  };
}

/** A read model that is filled by hand: the document, the history and the checkpoints, in whatever order. */
function createWorld() {
  const history: TaskEventDocument[] = [];
  const positions: Record<string, number> = {};
  const projected = new Set<string>();
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await nextTurn();
  };
  const watch = createTaskWatch({
    read: async () => {
      if (positions['tasks.requested'] === undefined) return new Map<number, TaskState>();
      const status = positions['tasks.completed'] === undefined ? ('STARTED' as const) : ('SUCCESS' as const);
      return new Map([[1, { status, positions: { ...positions } }]]);
    },
    pause: nextTurn,
    maxKeys: 10,
  });
  const ports: FollowPorts = {
    next: watch.next,
    history: async () => [...history],
    projected: (_id, topic) => until(() => projected.has(topic)),
    projectedAll: (_id, topic) => until(() => projected.has(topic)),
  };
  return {
    ports,
    watch,
    write: (topic: TopicName) => history.push(eventOf(topic)),
    show: (topic: TopicName) => (positions[topic] = 7),
    checkpoint: (topic: TopicName) => projected.add(topic),
  };
}

async function topicsOf(followed: AsyncIterable<FollowedEvent>): Promise<string[]> {
  const topics: string[] = [];
  for await (const { event } of followed) topics.push(event.topic);
  return topics;
}

describe('following a task', () => {
  test('whatever the order in which it is projected: every event once, up to the end, which is told last', async () => {
    const steps = life.flatMap((topic) => [
      { topic, step: 'write' as const },
      { topic, step: 'show' as const },
      { topic, step: 'checkpoint' as const },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(steps, { minLength: steps.length }), async (order) => {
        // The projector's promise: the document and the history have it before the checkpoint passes it.
        const sorted = order
          .map((item) => item.topic)
          .flatMap((topic, i) => {
            const nth = order.slice(0, i).filter((item) => item.topic === topic).length;
            const writes = order
              .filter((item) => item.topic === topic && item.step !== 'checkpoint')
              .map(({ step }) => step);
            return [{ topic, step: nth < 2 ? writes[nth]! : ('checkpoint' as const) }];
          });
        const world = createWorld();
        const told = topicsOf(followTask(world.ports, 1, {}, never));
        for (const { topic, step } of sorted) {
          world[step](topic);
          await nextTurn();
        }
        const topics = await told;
        expect(topics.toSorted()).toEqual(expect.arrayContaining(['tasks.completed', 'tasks.started']));
        expect(new Set(topics).size).toBe(topics.length);
        expect(topics.at(-1)).toBe('tasks.completed');
        expect(topics.indexOf('tasks.started')).toBeLessThan(topics.indexOf('tasks.completed'));
      }),
      { numRuns: 50 },
    );
  });

  test('resumes anywhere: what was told is not told again, and nothing is missing', async () => {
    const world = createWorld();
    for (const topic of life) {
      world.write(topic);
      world.show(topic);
      world.checkpoint(topic);
    }
    const all: FollowedEvent[] = [];
    for await (const followed of followTask(world.ports, 1, {}, never)) all.push(followed);
    expect(all.map(({ event }) => event.topic)).toEqual([...life]);
    const starts: Positions[] = [{}, ...all.slice(0, -1).map(({ positions }) => positions)];
    for (const [index, after] of starts.entries())
      expect(await topicsOf(followTask(world.ports, 1, after, never))).toEqual(life.slice(index));
    expect(all.map(({ positions }) => isComplete(positions))).toEqual([false, false, false, true]);
  });

  test('ends when the task is gone, and with the reason of its signal', async () => {
    const world = createWorld();
    world.write('tasks.requested');
    world.show('tasks.requested');
    const leave = new AbortController();
    const told = topicsOf(followTask(world.ports, 1, {}, leave.signal));
    await nextTurn();
    leave.abort(new Error('left'));
    await expect(told).rejects.toThrow('left');
    const gone: FollowPorts = { ...world.ports, next: async () => undefined };
    expect(await topicsOf(followTask(gone, 1, {}, never))).toEqual([]);
  });

  test('the slots of a document are named by the topics of their events', () => {
    for (const topic of Object.values(visibleSlotTopics)) expect(topics).toHaveProperty([topic]);
  });
});
