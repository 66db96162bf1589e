import { expect, test } from '@jest/globals';
import sleep from './sleep.ts';

const context = (signal: AbortSignal, startedAtMs = Date.now(), progress = (_fraction: number) => {}) => ({
  signal,
  progress,
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  attempt: 1,
  startedAtMs,
});
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

test('a sleep ends with the seconds slept, fractions too', async () => {
  expect(await sleep.run({ input: 0.002 }, context(new AbortController().signal))).toBe(0.002);
});

test('a sleep that began elsewhere goes on towards its deadline', async () => {
  const beganMs = Date.now() - 86_399_999;
  expect(await sleep.run({ input: 86_400 }, context(new AbortController().signal, beganMs))).toBe(86_400);
  expect(await sleep.run({ input: 60 }, context(new AbortController().signal, beganMs))).toBe(60);
});

test('a sleep tells how far it has come', async () => {
  const told = Promise.withResolvers<number>();
  const controller = new AbortController();
  const slept = sleep.run({ input: 100 }, context(controller.signal, Date.now() - 50_000, told.resolve));
  expect(await told.promise).toBeCloseTo(0.51, 1);
  controller.abort();
  await expect(slept).rejects.toThrow('aborted');
});

test('an aborted sleep ends at once and leaves no timer', async () => {
  const before = timers();
  const controller = new AbortController();
  const slept = sleep.run({ input: 86_400 }, context(controller.signal));
  expect(timers()).toBe(before + 2);
  controller.abort();
  await expect(slept).rejects.toThrow('aborted');
  expect(timers()).toBe(before);
});

test('how long a sleep takes is known before', () => {
  expect(sleep.durationMs!({ input: 1.5 })).toBe(1_500);
});
