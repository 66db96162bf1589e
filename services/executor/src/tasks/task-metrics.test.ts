import { expect, test } from '@jest/globals';
import { Gauge, Registry } from 'prom-client';
import { createInlineLane } from '../lanes/main-thread-lanes.ts';
import { createWaitingLane } from '../lanes/main-thread-lanes.ts';
import { createTaskMetrics } from './task-metrics.ts';

test('types that this executor does not know share a label, so that a stranger cannot make up more', async () => {
  const registry = new Registry();
  const metrics = createTaskMetrics(registry, new Set(['prime']), {} as Parameters<typeof createTaskMetrics>[2]);
  metrics.started('prime');
  metrics.completed('prime', 'SUCCESS', 20);
  for (let i = 0; i < 100; i++) metrics.completed(`made-up-${i}`, 'FAILURE', null);
  const text = await registry.metrics();
  expect(text).toContain('executor_tasks_started_total{type="prime"} 1');
  expect(text).toContain('executor_tasks_completed_total{type="prime",outcome="SUCCESS"} 1');
  expect(text).toContain('executor_tasks_completed_total{type="unknown",outcome="FAILURE"} 100');
  expect(text).toContain('executor_task_duration_seconds_bucket{le="0.025",type="prime"} 1');
  expect(text).not.toContain('made-up');
});

test('what runs and what stands in line is read off the lanes', async () => {
  const registry = new Registry();
  const lanes = { inline: createInlineLane(), waiting: createWaitingLane(2), thread: createWaitingLane(1) };
  createTaskMetrics(registry, new Set(), lanes);
  const entering = Array.from({ length: 5 }, () => lanes.waiting.enter('sleep', new AbortController().signal));
  await Promise.race(entering);
  const text = await registry.metrics();
  expect(text).toContain('executor_tasks_running{lane="waiting"} 2');
  expect(text).toContain('executor_tasks_in_line{lane="waiting"} 3');
  expect(text).toContain('executor_tasks_running{lane="thread"} 0');
});

test('not started is what is in the log and what stands in line, and not what runs', async () => {
  const registry = new Registry();
  const untouched = new Gauge({
    name: 'kafka_consumer_untouched_records',
    help: 'as the consumer has it',
    labelNames: ['topic', 'partition'],
    registers: [registry],
  });
  untouched.set({ topic: 'tasks.requested', partition: 0 }, 40);
  untouched.set({ topic: 'tasks.requested', partition: 1 }, 2);
  untouched.set({ topic: 'tasks.cancellation-requested', partition: 0 }, 1_000);
  const lanes = { inline: createInlineLane(), waiting: createWaitingLane(2), thread: createWaitingLane(1) };
  createTaskMetrics(registry, new Set(), lanes);
  const entering = Array.from({ length: 5 }, () => lanes.waiting.enter('sleep', new AbortController().signal));
  await Promise.race(entering);
  expect(await registry.metrics()).toMatch(/^executor_tasks_not_started 45$/m);
});
