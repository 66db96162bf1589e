import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { writeByTurn } from './write-by-turn.ts';

function createDestination() {
  const writes: string[] = [];
  return { writes, stream: writeByTurn({ write: (text) => void writes.push(text) }) };
}

test('the lines of one turn are written as one, in their order', async () => {
  const { writes, stream } = createDestination();
  stream.write('a\n');
  stream.write('b\n');
  expect(writes).toEqual([]);
  await nextTurn();
  stream.write('c\n');
  await nextTurn();
  expect(writes).toEqual(['a\nb\n', 'c\n']);
});

test('a flush writes at once, and nothing twice', async () => {
  const { writes, stream } = createDestination();
  stream.write('a\n');
  stream.flushSync();
  expect(writes).toEqual(['a\n']);
  await nextTurn();
  stream.flushSync();
  expect(writes).toEqual(['a\n']);
});

test('what gathers in one turn is bounded', () => {
  const { writes, stream } = createDestination();
  const line = `${'x'.repeat(999)}\n`;
  for (let n = 0; n < 100; n += 1) stream.write(line);
  expect(writes).toHaveLength(1);
});
