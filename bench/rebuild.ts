/**
 * `npm run bench -- rebuild [tasks] [events a second]`: so many tasks of four events each are projected, then the read model is
 * rebuilt while events go on arriving and a client reads. Each read has to be answered, none may be older than the write
 * whose token it carries or than what was read before; afterwards verify has to find no difference.
 */
import { rebuildUnderLoad } from './rebuild/rebuild-under-load.ts';
import { onServers } from './servers.ts';

const tasks = Number(process.argv[2] ?? 250_000);
const eventsPerSecond = Number(process.argv[3] ?? 500);

await onServers(async () => {
  const { reads, faults, arrived, verification } = await rebuildUnderLoad({ tasks, eventsPerSecond });
  console.log(
    `rebuilt in ${arrived.seconds.toFixed(0)} s, while ${arrived.eventsPerSecond.toFixed(0)} events/s arrived`,
  );
  console.log(`${reads} reads, ${faults.length} faults. ${faults.slice(0, 5).join('; ')}`);
  process.exitCode = verification.differences === 0 && faults.length === 0 ? 0 : 1;
});
