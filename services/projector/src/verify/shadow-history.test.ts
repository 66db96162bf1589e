import { describe, expect, test } from '@jest/globals';
import { maxTaskEventsPerTopic } from '@nask/schemas';
import { historyDifferences, ShadowHistory, type ComparedEvent } from './shadow-history.ts';

const event = (offset: number, topic = 'tasks.started', more: Partial<ComparedEvent> = {}): ComparedEvent => ({
  topic,
  offset,
  atMs: 1_000 + offset,
  checksum: `sum-${topic}-${offset}`,
  ...more,
});

const bounds = { isRead: (_topic: string, offset: number) => offset < 1_000, isKept: (atMs: number) => atMs >= 1_000 };

function made(...events: ComparedEvent[]) {
  const shadow = new ShadowHistory();
  for (const one of events) shadow.add(7, one);
  return shadow.of(7);
}

const differences = (expected: ReturnType<typeof made>, stored: ComparedEvent[]) =>
  historyDifferences(expected, stored, bounds).map(({ topic, offset, found, expected: wanted }) => [
    `${topic}/${offset}`,
    found?.checksum,
    wanted?.checksum,
  ]);

describe('a stored history', () => {
  test('given the same events in any order, then there is no difference', () => {
    expect(
      differences(made(event(1), event(5), event(3, 'tasks.completed')), [
        event(5),
        event(3, 'tasks.completed'),
        event(1),
      ]),
    ).toEqual([]);
  });

  test('given one that is missing, one too many and one altered, then it names them', () => {
    const altered = event(5, 'tasks.started', { checksum: 'other' });
    expect(differences(made(event(1), event(5)), [altered, event(8)])).toEqual([
      ['tasks.started/1', undefined, 'sum-tasks.started-1'],
      ['tasks.started/5', 'other', 'sum-tasks.started-5'],
      ['tasks.started/8', 'sum-tasks.started-8', undefined],
    ]);
  });

  test('given what is about to expire, or has, on either side, then it does not count', () => {
    const old = { atMs: 999 };
    expect(differences(made(event(1, 'tasks.started', old), event(5)), [event(5)])).toEqual([]);
    expect(differences(made(event(5)), [event(1, 'tasks.started', old), event(5)])).toEqual([]);
  });

  test('given events that came after what was read of the log, then they do not count', () => {
    expect(differences(made(event(5)), [event(5), event(1_000)])).toEqual([]);
  });

  test('given more events of a topic than are kept, then those beyond count neither as missing nor as too many', () => {
    const all = Array.from({ length: maxTaskEventsPerTopic + 5 }, (_, offset) => event(offset));
    expect(differences(made(...all), all)).toEqual([]);
    expect(differences(made(...all), all.slice(0, maxTaskEventsPerTopic))).toEqual([]);
    expect(differences(made(...all), all.slice(1)).map(([at]) => at)).toEqual(['tasks.started/0']);
  });

  test('given progress, then the newest counts, unless one that is not read yet took its place', () => {
    const progress = (offset: number) => event(offset, 'tasks.progressed');
    expect(differences(made(progress(1), progress(4)), [progress(4)])).toEqual([]);
    expect(differences(made(progress(1), progress(4)), [progress(1_000)])).toEqual([]);
    expect(differences(made(progress(1), progress(4)), [progress(1)]).map(([at]) => at)).toEqual([
      'tasks.progressed/1',
      'tasks.progressed/4',
    ]);
    expect(differences(made(progress(1), progress(4)), []).map(([at]) => at)).toEqual(['tasks.progressed/4']);
  });
});

test('the shadow of histories knows how much it holds', () => {
  const shadow = new ShadowHistory();
  for (let offset = 0; offset < maxTaskEventsPerTopic + 5; offset += 1) shadow.add(1, event(offset));
  shadow.add(2, event(1, 'tasks.progressed'));
  shadow.add(2, event(2, 'tasks.progressed'));
  expect(shadow.size).toBe(maxTaskEventsPerTopic + 1);
  shadow.forget(1);
  expect([shadow.size, shadow.of(1).size]).toEqual([1, 0]);
});
