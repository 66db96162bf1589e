import { expect, jest, test } from '@jest/globals';
import { startFixture } from '../fixtures/fixture-process.ts';

// Processes start slowly on a busy machine.
jest.setTimeout(60_000);

test.each(['json', 'pretty'])('no line is lost when the process exits right after (%s)', async (format) => {
  const { exited, stdout } = startFixture('exit-after-logging.ts', [format]);
  expect(await exited).toEqual({ code: 3, signal: null });
  expect(stdout.filter((line) => line.includes('logged'))).toHaveLength(1_000);
  expect(stdout.at(-1)).toContain('the last line');
});
