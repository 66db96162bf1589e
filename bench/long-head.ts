import { isolate } from '@nask/testkit';
import { longHead } from '../services/executor/src/fixtures/long-head.ts';
import { withServers } from './servers.ts';

const shortTasks = 20_000;

/**
 * A task that takes an hour at the head of a partition, and 20,000 short ones behind it. True when they all end
 * meanwhile, and none of them runs again after a SIGKILL.
 */
function benchLongHead(): Promise<boolean> {
  return withServers(async (servers) => {
    const { seconds, ranAgain, headStarts } = await longHead({
      isolation: isolate('bench-long-head'),
      servers,
      shortTasks,
    });
    const perSecond = Math.round(shortTasks / seconds).toLocaleString('en');
    console.log(
      `${shortTasks.toLocaleString('en')} short tasks behind a long one: ${seconds.toFixed(1)} s, ${perSecond}/s`,
    );
    console.log(`after a SIGKILL ${ranAgain.length} of them ran again; the long one was begun ${headStarts} times`);
    return ranAgain.length === 0;
  });
}

process.exitCode = (await benchLongHead()) ? 0 : 1;
