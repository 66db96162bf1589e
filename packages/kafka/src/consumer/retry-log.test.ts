import { expect, test } from '@jest/globals';
import { silentLogger } from '../../testing/silent-logger.ts';
import { RetryLog } from './retry-log.ts';

test('many retries are one line a second, which says how many were left out', () => {
  const lines: unknown[][] = [];
  let nowMs = 0;
  const logger = { ...silentLogger, warn: (...line: unknown[]) => void lines.push(line) };
  const log = new RetryLog(logger, 'failed; tried again', () => nowMs);

  for (let attempt = 1; attempt <= 100; attempt += 1) log.warn({ attempt });
  nowMs = 1_000;
  log.warn({ attempt: 101 });

  expect(lines).toEqual([
    [{ attempt: 1, suppressed: 0 }, 'failed; tried again'],
    [{ attempt: 101, suppressed: 99 }, 'failed; tried again'],
  ]);
});
