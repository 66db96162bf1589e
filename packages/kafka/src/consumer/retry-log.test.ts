import { expect, test } from '@jest/globals';
import { silentLogger } from '../../testing/silent-logger.ts';
import { VirtualTime } from '../../testing/simulation/virtual-time.ts';
import { RetryLog } from './retry-log.ts';

test('many retries are one line a second, which says how many it stands for', async () => {
  const lines: object[] = [];
  const time = new VirtualTime(1);
  const log = new RetryLog({ ...silentLogger, warn: (line: object | string) => void lines.push(line as object) }, time);
  const position = { topic: 't', partition: 0, offset: 7 };
  const tell = () => log.tell({ error: new Error('away'), position, attempt: 2, delayMs: 150 });

  for (let times = 0; times < 100; times += 1) tell();
  let over = false;
  time.after(1_000, () => (over = true));
  await time.runUntil(() => over, 1_000);
  tell();

  expect(lines).toEqual([
    expect.objectContaining({ ...position, attempt: 2, delayMs: 150, untold: 0 }),
    expect.objectContaining({ untold: 99 }),
  ]);
});
