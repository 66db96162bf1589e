import { expect, test } from '@jest/globals';
import { createLimitedWarning } from './limited-warning.ts';

function warning() {
  const lines: unknown[][] = [];
  const time = { nowMs: 0 };
  const warn = createLimitedWarning({ warn: (...line) => void lines.push(line) }, 'failed; tried again', {
    nowMs: () => time.nowMs,
  });
  return { lines, time, warn };
}

test('many failures are one line a second, with the number of lines left out', () => {
  const { lines, time, warn } = warning();
  for (let attempt = 1; attempt <= 100; attempt += 1) warn({ attempt });
  time.nowMs = 1_000;
  warn({ attempt: 101 });

  expect(lines).toEqual([
    [{ attempt: 1, suppressed: 0 }, 'failed; tried again'],
    [{ attempt: 101, suppressed: 99 }, 'failed; tried again'],
  ]);
});

test('a failure of another kind is logged at once', () => {
  const { lines, warn } = warning();
  warn({}, 'refused');
  warn({}, 'refused');
  warn({}, 'timed out');
  expect(lines).toHaveLength(2);
});
