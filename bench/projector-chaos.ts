/**
 * `npm run bench -- projector-chaos [kills] [tasks between two]`: a projector that is killed by SIGKILL at random over one stream.
 * Afterwards verify has to find no difference. Smaller versions run in the tests of the projector.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnService } from '@nask/testkit';
import { verify } from '../services/projector/src/verify/verify.ts';
import { openProjectionBench } from './projection-context.ts';
import { onServers } from './servers.ts';

const kills = Number(process.argv[2] ?? 50);
const tasksEach = Number(process.argv[3] ?? 200);

await onServers(async () => {
  const bench = await openProjectionBench('bench-projector-chaos');
  const projector = await spawnService('projector', { ...bench.env, KAFKA_SESSION_TIMEOUT_MS: '6000' });
  for (let kill = 0; kill < kills; kill += 1) {
    const writing = bench.writeLives(1 + kill * tasksEach, tasksEach);
    await sleep(randomInt(3_000));
    await projector.kill();
    await writing;
    await projector.start();
  }
  const { differences } = await verify(bench.context, { waitMs: 600_000 });
  process.exitCode = differences === 0 ? 0 : 1;
  await projector.close();
  await bench.close();
});
