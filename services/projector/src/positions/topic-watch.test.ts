import { describe, expect, test } from '@jest/globals';
import { createTopicWatch } from './topic-watch.ts';

function openWatch() {
  const ids = new Map([
    ['tasks.requested', 'one'],
    ['tasks.started', 'two'],
  ]);
  const said: unknown[] = [];
  const watch = createTopicWatch({
    topicIds: { read: async (topics) => new Map([...ids].filter(([topic]) => topics.includes(topic))) },
    where: {},
    logger: { error: (details: unknown) => void said.push(details) },
  });
  return { ids, said, watch };
}

describe('the watch over topics', () => {
  test('given topics that stay, or that nobody reads, then all is well', async () => {
    const { ids, said, watch } = openWatch();
    await watch.recheck();
    await watch.read(['tasks.requested']);
    ids.set('tasks.started', 'other');
    await watch.recheck();
    expect([watch.fault(), said]).toEqual([undefined, []]);
  });

  test('given a topic that is another one than when it was read first, then it says so, once, and for good', async () => {
    const { ids, said, watch } = openWatch();
    await watch.read(['tasks.requested', 'tasks.started']);
    ids.set('tasks.started', 'other');
    await watch.read(['tasks.started']);
    await watch.recheck();
    await watch.recheck();
    ids.set('tasks.started', 'two');
    await watch.recheck();
    expect(watch.fault()).toBe('tasks.started was deleted and created again while it was read');
    expect(said).toEqual([{ topic: 'tasks.started', topicId: 'other', expectedTopicId: 'two' }]);
  });

  test('given a Kafka that says no id, or no longer, then all is well', async () => {
    const { ids, watch } = openWatch();
    await watch.read(['tasks.requested']);
    ids.clear();
    await watch.recheck();
    expect(watch.fault()).toBeUndefined();
  });
});
