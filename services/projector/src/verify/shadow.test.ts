import { describe, expect, test } from '@jest/globals';
import { maxTaskEventsPerTopic } from '@nask/schemas';
import fc from 'fast-check';
import type { LoggedEvent } from '../events/event.ts';
import { evolve } from '../events/evolve.ts';
import { requestOf } from '../fixtures/task-events.ts';
import { modelOf, taskLog } from '../fixtures/task-log.ts';
import { condensed, Shadow, ShadowHistory, type ComparedEvent } from './shadow.ts';

const request = (id: number, offset: number): LoggedEvent => ({
  event: { topic: 'tasks.requested', data: requestOf(id) },
  offset,
});

const event = (offset: number, topic: string): ComparedEvent => ({
  topic,
  offset,
  keptFromMs: 0,
  checksum: String(offset),
});

describe('the shadow of a read model', () => {
  test('given any log, then passes over it give each task’s document once, however few a pass may hold', () => {
    fc.assert(
      fc.property(taskLog, fc.integer({ min: 1, max: 4 }), (log, maxTasks) => {
        const all = new Map<number, unknown>();
        let from = 0;
        while (from < Infinity) {
          const shadow = new Shadow(from, maxTasks);
          for (const logged of log) shadow.add(logged);
          expect(shadow.documents.size).toBeLessThanOrEqual(maxTasks);
          for (const [id, document] of shadow.documents) {
            expect(all.has(id)).toBe(false);
            all.set(id, document);
          }
          from = shadow.range.to;
        }
        const model = new Map([...modelOf(log)].map(([id, document]) => [id, condensed(document)]));
        expect(new Map([...all].toSorted(([a], [b]) => a - b))).toEqual(
          new Map([...model].toSorted(([a], [b]) => a - b)),
        );
      }),
    );
  });

  test('given tasks with much history, then a pass holds fewer of them, each with all of its own', () => {
    const entry = (offset: number) => ({ topic: 'tasks.started', offset, keptFromMs: 0, checksum: String(offset) });
    const shadow = new Shadow(0, 4);
    for (let offset = 0; offset < 60; offset += 1) shadow.add(request(1 + (offset % 4), offset), entry(offset));

    expect(new Set(shadow.documents.keys())).toEqual(new Set([1, 2]));
    expect(shadow.range.to).toBe(3);
    expect(shadow.history.of(2).get('tasks.started')).toHaveLength(15);
    expect(shadow.history.of(3).size).toBe(0);
  });

  test('long texts are compared by hash: equal ones stay equal, different ones different', () => {
    const document = (payload: string) => {
      const { event, offset } = request(1, 0);
      return evolve(
        undefined,
        { ...event, data: { ...event.data, event_id: 'e', requested_at: 0, payload } } as never,
        offset,
      );
    };
    const long = JSON.stringify('7'.repeat(10_000));
    expect(condensed(document(long))).toEqual(condensed(document(long)));
    expect(condensed(document(long))).not.toEqual(condensed(document(long.replace('7', '8'))));
    expect(JSON.stringify(condensed(document(long))).length).toBeLessThan(500);
    expect(condensed(document('{}'))).toEqual(document('{}'));
  });
});

test('the shadow of histories knows how much it holds', () => {
  const shadow = new ShadowHistory();
  for (let offset = 0; offset < maxTaskEventsPerTopic + 5; offset += 1) shadow.add(1, event(offset, 'tasks.started'));
  shadow.add(2, event(1, 'tasks.progressed'));
  shadow.add(2, event(2, 'tasks.progressed'));
  expect(shadow.size).toBe(maxTaskEventsPerTopic + 1);
  shadow.drop(1);
  expect([shadow.size, shadow.of(1).size]).toEqual([1, 0]);
});
