import { expect, test } from '@jest/globals';
import sleep from './sleep.ts';

const context = (signal: AbortSignal) => ({
  signal,
  progress() {},
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

test('a sleep ends with the seconds slept, fractions too', async () => {
  expect(await sleep.run({ input: 0.002 }, context(new AbortController().signal))).toBe(0.002);
});

test('an aborted sleep ends at once and leaves no timer', async () => {
  const before = timers();
  const controller = new AbortController();
  const slept = sleep.run({ input: 86_400 }, context(controller.signal));
  expect(timers()).toBe(before + 1);
  controller.abort();
  await expect(slept).rejects.toThrow('aborted');
  expect(timers()).toBe(before);
});

test('how long a sleep takes is known before', () => {
  expect(sleep.durationMs!({ input: 1.5 })).toBe(1_500);
});
