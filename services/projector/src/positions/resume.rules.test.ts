import { describe, expect, test } from '@jest/globals';
import { resumption } from './resume.rules.ts';

const log = { topic: 'tasks.requested', partition: 3, logStart: 100, logEnd: 200 };
const at = (nextOffset: number, topicId?: string) => ({ nextOffset, topicId });
const another = (why: string) => ({ kind: 'another-log', why });

describe('where the projector goes on', () => {
  test.each([
    ['no checkpoint: at the log’s start', undefined, { kind: 'resume', from: 100 }],
    ['a checkpoint in the log: there', at(150), { kind: 'resume', from: 150 }],
    ['a checkpoint at the log’s end: there', at(200), { kind: 'resume', from: 200 }],
    ['a checkpoint at the log’s start: there', at(100), { kind: 'resume', from: 100 }],
    [
      'a checkpoint before the log’s start: at the start, and it says what is gone',
      at(90, 'this'),
      { kind: 'missed', from: 100, records: 10 },
    ],
    ['a checkpoint beyond the log’s end: nowhere', at(201, 'this'), another('beyond-log-end')],
    ['a checkpoint of this very topic: there', at(150, 'this'), { kind: 'resume', from: 150 }],
    ['a checkpoint of a topic that was there before: nowhere', at(150, 'that'), another('recreated')],
    ['one of it before this log’s start: nowhere', at(90, 'that'), another('recreated')],
    ['one of it beyond this log’s end: nowhere', at(201, 'that'), another('recreated')],
  ])('given %s', (_what, checkpoint, expected) => {
    expect(resumption(log, 'this', checkpoint)).toEqual(expected);
  });

  test('given a Kafka that does not say which topic it is, then only offsets are compared', () => {
    expect(resumption(log, undefined, at(150, 'that'))).toEqual({ kind: 'resume', from: 150 });
    expect(resumption(log, undefined, at(201, 'that'))).toEqual(another('beyond-log-end'));
  });
});
