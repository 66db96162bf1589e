import { describe, expect, test } from '@jest/globals';
import { topics } from '@nask/schemas';
import fc from 'fast-check';
import { eventIn } from '../fixtures/task-events.ts';
import { taskLog } from '../fixtures/task-log.ts';
import type { TaskEvent } from './event.ts';
import { historyEntry, isTurnToCut } from './history.ts';

describe('the history of a task', () => {
  test('given any event but an erasure, then its entry names event, position and time, and repeats neither payload nor result', () => {
    fc.assert(
      fc.property(taskLog, (log) => {
        for (const logged of log) {
          const entry = historyEntry(logged, 3);
          if (logged.event.topic === 'tasks.erased') {
            expect(entry).toBeUndefined();
            continue;
          }
          expect(entry).toMatchObject({
            task_id: logged.event.data.task_id,
            event: topics[logged.event.topic].event,
            topic: logged.event.topic,
            event_id: logged.event.data.event_id,
            partition: 3,
            offset: logged.offset,
          });
          expect(entry!.at.getTime()).not.toBeNaN();
          expect(Object.keys(entry!.data)).not.toEqual(expect.arrayContaining(['payload']));
          expect(Object.keys(entry!.data)).not.toEqual(expect.arrayContaining(['result']));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('given a time to run, then the entries of request and end are kept from the later of it and their own time', () => {
    const request = { event_id: 'r', task_id: 1, type: 'prime', payload: '{}', requested_at: 1_000 };
    const end = {
      ...request,
      completed_at: 9_000,
      attempt: 1,
      executor: 'x',
      outcome: 'SUCCESS',
      result: '1',
    } as const;
    const timesOf = (event: TaskEvent) => {
      const { at, kept_from } = historyEntry({ event, offset: 0 }, 0)!;
      return [at.getTime(), kept_from!.getTime()];
    };
    expect(timesOf(eventIn('tasks.scheduled', { ...request, run_at: 5_000 }))).toEqual([1_000, 5_000]);
    expect(timesOf(eventIn('tasks.requested', request))).toEqual([1_000, 1_000]);
    expect(timesOf(eventIn('tasks.completed', { ...end, run_at: 5_000 }))).toEqual([9_000, 9_000]);
    expect(timesOf(eventIn('tasks.completed', { ...end, run_at: 10_000 }))).toEqual([9_000, 10_000]);
  });

  test('given two events of a log, then their entries have different ids, but those of one task’s progress', () => {
    fc.assert(
      fc.property(taskLog, (log) => {
        const entries = log.flatMap((logged) => historyEntry(logged, 0) ?? []);
        const progress = entries.filter(({ event }) => event === 'TaskProgressed');
        const others = entries.filter(({ event }) => event !== 'TaskProgressed');
        expect(new Set(others.map(({ _id }) => _id)).size).toBe(others.length);
        expect(new Set(progress.map(({ _id }) => _id)).size).toBe(new Set(progress.map((e) => e.task_id)).size);
      }),
    );
  });

  test('given many events of one task, then about one of 64 makes its history be cut, the same ones each time', () => {
    const turns = Array.from({ length: 6_400 }, (_, offset) => {
      const data = { event_id: `cancellation-${offset}`, task_id: 1, requested_at: 0, requested_by: null };
      return isTurnToCut({ event: { topic: 'tasks.cancellation-requested', data }, offset });
    });
    const count = turns.filter(Boolean).length;
    expect(count).toBeGreaterThan(50);
    expect(count).toBeLessThan(150);
  });
});
