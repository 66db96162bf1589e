import { describe, expect, test } from '@jest/globals';
import type { ExistingTopic, TopicSpec } from '@nask/kafka';
import { topics } from '@nask/schemas';
import { planTopics, wantedTopic } from './topic-plan.rules.ts';

const config = { 'retention.ms': '1000', 'min.insync.replicas': '1' };
const tasks: TopicSpec = { name: 'tasks', partitions: 12, replicationFactor: 1, config };
const leases: TopicSpec = { name: 'leases', partitions: 1, replicationFactor: 1, config };
const options = { keyedByTask: new Set(['tasks']), leaseTopic: 'leases' };

function existing(topic: TopicSpec, differences: Partial<ExistingTopic> = {}): [string, ExistingTopic] {
  const { name, partitions, replicationFactor, config } = topic;
  return [name, { partitions, replicationFactor, hadRecords: false, config, ...differences }];
}

function plan(...topics: [string, ExistingTopic][]) {
  return planTopics([tasks, leases], new Map(topics), options);
}

describe('the plan for the topics', () => {
  test('an empty cluster: all are created', () => {
    const { steps, refusals } = plan();
    expect(refusals).toEqual([]);
    expect(steps.map(({ wanted, exists }) => [wanted.name, exists])).toEqual([
      ['tasks', false],
      ['leases', false],
    ]);
  });

  test('all is as it should be: nothing changes', () => {
    const { steps, refusals } = plan(existing(tasks, { hadRecords: true }), existing(leases, { hadRecords: true }));
    expect(refusals).toEqual([]);
    expect(steps).toEqual([tasks, leases].map((wanted) => ({ wanted, exists: true, configChanges: [], warnings: [] })));
  });

  test('a setting that differs is changed, one that is not ours is left', () => {
    const config = { 'retention.ms': '5', 'min.insync.replicas': '1', 'segment.bytes': '99' };
    const { steps } = plan(existing(tasks, { config, hadRecords: true }), existing(leases));
    expect(steps[0]!.configChanges).toEqual([{ setting: 'retention.ms', from: '5', to: '1000' }]);
  });

  test.each([11, 13])('%d partitions are refused for a topic that had records: keys would move', (partitions) => {
    const { refusals } = plan(existing(tasks, { partitions, hadRecords: true }), existing(leases));
    expect(refusals).toEqual([expect.stringContaining(`tasks has ${partitions} partitions, not 12`)]);
  });

  test('an empty topic grows, and does not shrink', () => {
    const grown = plan(existing(tasks, { partitions: 11 }), existing(leases));
    expect([grown.refusals, grown.steps[0]!.growsFrom]).toEqual([[], 11]);
    const shrunk = plan(existing(tasks, { partitions: 13 }), existing(leases));
    expect(shrunk.refusals).toEqual([expect.stringContaining('cannot be taken away')]);
  });

  test('a missing lease topic is refused while there are tasks: ids would repeat', () => {
    const { refusals } = plan(existing(tasks, { hadRecords: true }));
    expect(refusals).toEqual([expect.stringContaining('leases is missing while tasks has had records')]);
  });

  test('a missing lease topic is created while there is no task', () => {
    expect(plan(existing(tasks)).refusals).toEqual([]);
  });

  test('another number of replicas is said, not changed', () => {
    const { steps, refusals } = plan(existing(tasks, { replicationFactor: 3 }), existing(leases));
    expect([refusals, steps[0]!.warnings]).toEqual([[], [expect.stringContaining('has 3 replicas, not 1')]]);
  });

  test('more in-sync replicas than replicas are refused: nothing could be written', () => {
    const wanted = { ...tasks, config: { ...config, 'min.insync.replicas': '2' } };
    expect(planTopics([wanted], new Map(), options).refusals).toEqual([expect.stringContaining('min.insync.replicas')]);
  });
});

describe('a topic as the catalogue wants it', () => {
  const topic = {
    event: null,
    description: '',
    key: 'task id, decimal',
    partitions: 'by-setting',
    retention: 'documents',
    producers: [],
    consumers: [],
  } as const;
  const settings = { partitions: 12, replicationFactor: 3, documentRetentionDays: 30 };

  test('has the partitions of the setting, or its own', () => {
    expect(wantedTopic('t', topic, settings).partitions).toBe(12);
    expect(wantedTopic('t', { ...topic, partitions: 1 }, settings).partitions).toBe(1);
  });

  test.each([
    [1, undefined, '1'],
    [3, undefined, '2'],
    [3, 3, '3'],
  ])('%d replicas, %p wanted in sync: %s', (replicationFactor, minInsyncReplicas, expected) => {
    const { config } = wantedTopic('t', topic, { ...settings, replicationFactor, minInsyncReplicas });
    expect(config['min.insync.replicas']).toBe(expected);
  });

  test('has its old records deleted, or those that are not the newest of their key as well', () => {
    expect(wantedTopic('t', topic, settings).config['cleanup.policy']).toBe('delete');
    const { config } = wantedTopic('t', { ...topic, isCompacted: true }, settings);
    expect(config).toMatchObject({ 'cleanup.policy': 'compact,delete', 'segment.bytes': '16777216' });
    expect(config['retention.ms']).toBe(wantedTopic('t', topic, settings).config['retention.ms']);
  });

  test('given a compacted topic that is kept for ever, then only a newer record or a tombstone removes a record', () => {
    const kept = { ...topic, partitions: 1, retention: 'for-ever', isCompacted: true } as const;
    expect(wantedTopic('t', kept, settings)).toMatchObject({
      partitions: 1,
      config: {
        'cleanup.policy': 'compact',
        'retention.ms': '-1',
        'segment.bytes': '16777216',
        'segment.ms': '86400000',
        'delete.retention.ms': '86400000',
        'max.compaction.lag.ms': '604800000',
      },
    });
  });

  test('given tasks.deferred, then its settings are those of 0.1: the upgrade changes no topic', () => {
    expect(wantedTopic('tasks.deferred', topics['tasks.deferred'], settings).config).toEqual({
      'cleanup.policy': 'compact,delete',
      'min.cleanable.dirty.ratio': '0.5',
      'segment.bytes': '16777216',
      'retention.ms': String(37 * 86_400_000),
      'retention.bytes': '-1',
      'segment.ms': '86400000',
      'min.insync.replicas': '2',
      'unclean.leader.election.enable': 'false',
    });
  });

  test('leases are kept for ever', () => {
    const { config } = wantedTopic('t', { ...topic, retention: 'for-ever' }, settings);
    expect([config['retention.ms'], config['retention.bytes']]).toEqual(['-1', '-1']);
  });
});
