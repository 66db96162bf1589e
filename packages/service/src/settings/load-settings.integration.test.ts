import { expect, jest, test } from '@jest/globals';
import { startFixture } from '../fixtures/fixture-process.ts';

// Processes start slowly on a busy machine.
jest.setTimeout(60_000);

test('wrong settings end the process with all faults on stderr, without a stack', async () => {
  const { exited, stdout, stderr } = startFixture('settings.ts', [], { TASKS: '11', KEY: 'hunter2' });
  expect(await exited).toEqual({ code: 78, signal: null });
  expect(stdout).toEqual([]);
  expect(stderr).toEqual([
    'fixture cannot start: invalid settings:',
    '  TASKS: expected whole number, at most 10, got "11"',
    '  TARGET: expected url beginning with https://, got nothing',
    '  KEY: expected text, at least 8 characters, got something else (a secret: set)',
  ]);
});

test('right settings are used and can be logged without their secrets', async () => {
  const env = { TASKS: '3', TARGET: 'https://user:hunter2@a.example/', KEY: 'hunter2hunter2' };
  const { exited, stdout } = startFixture('settings.ts', [], env);
  expect(await exited).toEqual({ code: 0, signal: null });
  expect(JSON.parse(stdout[0] ?? '')).toMatchObject({
    settings: { TASKS: 3, TARGET: 'https://***@a.example/', KEY: 'set' },
  });
});
