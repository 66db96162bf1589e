import { describe, expect, test } from '@jest/globals';
import { parsePositions, positionsText } from '../tasks/task-history.rules.ts';
import { isSameState, recordsInTasks, stateOf } from './task-state.rules.ts';

const at = (offset: number) => ({ offset });

describe('how a task stands', () => {
  test('given a request in either slot, then it is visible, with the positions of all slots in causal order', () => {
    const [scheduled, requested] = [at(3), at(17)];
    expect(stateOf({ status: 'PENDING', requested })?.positions).toEqual({ 'tasks.requested': 17 });
    expect(stateOf({ status: 'PENDING', scheduled })?.positions).toEqual({ 'tasks.scheduled': 3 });
    const state = stateOf({ status: 'STARTED', started: at(5), requested, scheduled })!;
    const text = 'tasks.scheduled:3,tasks.requested:17,tasks.started:5';
    expect(positionsText(state.positions)).toBe(text);
    expect(parsePositions(text)).toEqual(state.positions);
  });

  test('given no request, then it is not visible', () => {
    for (const document of [undefined, { status: 'STARTED' as const, started: at(5) }, { status: 'ERASED' as const }])
      expect(stateOf(document)).toBeUndefined();
  });

  test('given the copy of a scheduled request, then it has changed', () => {
    const scheduled = stateOf({ status: 'PENDING', scheduled: at(3) });
    expect(isSameState(scheduled, stateOf({ status: 'PENDING', scheduled: at(3) }))).toBe(true);
    expect(isSameState(scheduled, stateOf({ status: 'PENDING', scheduled: at(3), requested: at(17) }))).toBe(false);
  });

  test('given an erasure, then it is all that a document says about the log', () => {
    const erased = { offset: 9, event_id: 'e', requested_at: new Date(0), erased_at: new Date(1) };
    expect(recordsInTasks([{ _id: 4, status: 'ERASED', erased }])).toEqual([
      { taskId: 4, topic: 'tasks.erased', offset: 9 },
    ]);
  });
});
