import { expect, jest, test } from '@jest/globals';
import { killTheNotifier } from './notifier-chaos.ts';
import { withHangingReceivers } from './notifier-receivers.ts';

jest.setTimeout(300_000);

test('200 receivers of which 20 hang: the other 180 get theirs, and those that hang are sent no more than two at once', async () => {
  const { mostAtOnce, hanging } = await withHangingReceivers(200, 5);
  expect(hanging).toBe(20);
  expect(mostAtOnce).toBeLessThanOrEqual(2);
});

test('a notifier that is killed three times in a burst loses nothing, and what it repeats has the same webhook-id', async () => {
  const report = await killTheNotifier(600);
  expect(report).toMatchObject({ expected: 540, missing: 0, unlike: 0 });
  console.log(`${report.repeats} repeats among ${report.expected} outcomes after ${report.kills} kills`);
});
