import { describe, expect, test } from '@jest/globals';
import type { TaskStatus } from '@nask/schemas';
import { UnavailableError } from '../errors.ts';
import type { VisibleTaskDocument } from '../tasks/task-view.rules.ts';
import { awaitTask, WaitOverError, waitPreference, type AwaitTaskPorts } from './preferred-wait.ts';
import { stateOf } from './task-state.rules.ts';

const never = new AbortController().signal;

/** A task that has so many events in the read model. */
const taskAt = (status: TaskStatus, events: number) =>
  ({
    _id: 1,
    status,
    type: 'prime',
    requested: { offset: 0, requested_at: new Date(0) },
    progressed: { offset: events },
  }) as unknown as VisibleTaskDocument;

/** What a read model shows, one state a look; then the error. */
function lifeOf(documents: (VisibleTaskDocument | undefined)[], error = new Error('nothing more happens')) {
  let current: VisibleTaskDocument | undefined;
  const reads: unknown[] = [];
  const ports: AwaitTaskPorts = {
    async next() {
      if (documents.length === 0) throw error;
      current = documents.shift();
      return stateOf(current);
    },
    async readTask() {
      reads.push(current);
      return current;
    },
  };
  return { ports, reads };
}

describe('waiting for a task', () => {
  test('tells its end, and reads nothing before', async () => {
    const life = [taskAt('PENDING', 0), taskAt('STARTED', 1), taskAt('SUCCESS', 2)];
    const { ports, reads } = lifeOf([...life]);
    expect(await awaitTask(ports, 1, undefined, never)).toEqual({ document: life[2], isCutShort: false });
    expect(reads).toEqual([life[2]]);
  });

  test('of one that has ended is over at once', async () => {
    const ended = taskAt('REVOKED', 3);
    expect(await awaitTask(lifeOf([]).ports, 1, ended, never)).toEqual({ document: ended, isCutShort: false });
  });

  test('tells the first state that is wanted', async () => {
    const life = [taskAt('STARTED', 1), taskAt('STARTED', 2)];
    const { ports } = lifeOf([...life]);
    const awaited = await awaitTask(ports, 1, taskAt('PENDING', 0), never, ({ progressed }) => progressed!.offset > 1);
    expect(awaited.document).toBe(life[1]);
  });

  test.each([
    ['when its time is over', new WaitOverError('over'), false],
    ['when the gateway stops', new UnavailableError('STOPPING', 'stopping'), true],
    ['when the read model is away', new UnavailableError('READ_MODEL_UNAVAILABLE', 'away'), true],
  ])('%s the task is told as it was last seen', async (_when, error, isCutShort) => {
    const from = taskAt('PENDING', 0);
    expect(await awaitTask(lifeOf([taskAt('STARTED', 1)], error).ports, 1, from, never)).toEqual({
      document: from,
      isCutShort,
    });
    expect(await awaitTask(lifeOf([], error).ports, 1, undefined, never)).toEqual({ document: undefined, isCutShort });
  });

  test('is over when the task is gone; whatever else happens is told', async () => {
    const from = taskAt('PENDING', 0);
    expect(await awaitTask(lifeOf([undefined]).ports, 1, from, never)).toEqual({ document: from, isCutShort: false });
    await expect(awaitTask(lifeOf([]).ports, 1, from, never)).rejects.toThrow('nothing more happens');
  });
});

test.each([
  ['wait=10', 10],
  ['Wait = 10', 10],
  ['wait="10"', 10],
  ['respond-async, wait=10', 10],
  ['return=minimal; foo=bar, wait=3; x=y', 3],
  ['wait=5, wait=9', 5],
  ['wait=0', 0],
])('%j prefers to wait', (header, seconds) => expect(waitPreference(header)).toBe(seconds));

test.each([
  '',
  'wait',
  'wait=',
  'wait=soon',
  'wait=-1',
  'wait=1.5',
  'wait=9999999999',
  'await=1',
  'x="wait=1"',
  'x'.repeat(2_000),
])('%j says nothing of a wait', (header) => expect(waitPreference(header)).toBeUndefined());
