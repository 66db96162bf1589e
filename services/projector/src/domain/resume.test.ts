import { describe, expect, test } from '@jest/globals';
import { resumption } from './resume.ts';

const log = { topic: 'tasks.requested', partition: 3, logStart: 100, logEnd: 200 };

describe('where the projector goes on', () => {
  test.each([
    ['no checkpoint: at the log’s start', undefined, { kind: 'resume', from: 100 }],
    ['a checkpoint in the log: there', 150, { kind: 'resume', from: 150 }],
    ['a checkpoint at the log’s end: there', 200, { kind: 'resume', from: 200 }],
    ['a checkpoint at the log’s start: there', 100, { kind: 'resume', from: 100 }],
    [
      'a checkpoint before the log’s start: at the start, and it says what is gone',
      90,
      { kind: 'missed', from: 100, records: 10 },
    ],
    ['a checkpoint beyond the log’s end: nowhere', 201, { kind: 'beyond-log-end', checkpoint: 201 }],
  ])('given %s', (_what, checkpoint, expected) => {
    expect(resumption(log, checkpoint)).toEqual(expected);
  });
});
