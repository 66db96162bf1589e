import { expect, test } from '@jest/globals';
import { isolate, testServers } from '@nask/testkit';
import { longHead } from './fixtures/long-head.ts';

test('2,000 short tasks behind a long one end meanwhile, and after a SIGKILL only the long one runs again', async () => {
  const report = await longHead({ isolation: isolate('long-head'), servers: testServers(), shortTasks: 2_000 });
  expect(report).toMatchObject({ ranAgain: [], headEnded: false });
  // Once before the kill, once after it on trial; that it passed its trial is told by another start.
  expect(report.headStarts).toBeGreaterThanOrEqual(2);
}, 180_000);
