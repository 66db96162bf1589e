import { expect, test } from '@jest/globals';
import { consoleExamples, withoutTimes } from './readme-examples.ts';

test('the commands of all console blocks are found, in order, with their output', () => {
  const markdown = 'a\n```console\n$ one\n1\n$ two\n2\n3\n```\n```\n$ not this\n```\n```console\n$ three\n```\n';
  expect(consoleExamples(markdown)).toEqual([
    { command: 'one', output: '1' },
    { command: 'two', output: '2\n3' },
    { command: 'three', output: '' },
  ]);
});

test('only times may differ', () => {
  expect(withoutTimes('at 2026-11-24T18:30:00.012Z: 541')).toBe('at <time>: 541');
  expect(withoutTimes('541')).not.toBe(withoutTimes('542'));
});
