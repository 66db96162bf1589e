import type { Logger } from '../logger.ts';
import type { Assignments } from './partitions/assignments.ts';
import { sleep } from './dispatch/dispatcher.ts';
import type { Committer } from './partitions/committer.ts';
import type { Scheduler } from './group/group-client.ts';

/** What handlers get to end after their signal fired. */
const abortGraceMs = 1_000;
/** A last commit that a rebalance fenced, or a broker did not answer, is made again for so long. */
const lastCommitMs = 3_000;
const lastCommitRetryMs = 50;

/** Waits for what runs, aborts what is left after the time-out, and commits all that has ended. */
export async function drain(
  timeoutMs: number,
  {
    assignments,
    committer,
    scheduler,
    logger,
  }: {
    assignments: Assignments;
    committer: Committer;
    scheduler: Scheduler;
    logger: Logger;
  },
): Promise<void> {
  const settled = async (waitMs: number) => {
    const all = [assignments.released(), ...assignments.partitions.map((partition) => partition.settled())];
    await unlessDone(waitMs, scheduler, () => Promise.all(all));
  };
  await settled(timeoutMs);
  for (const partition of assignments.partitions) partition.abort('the consumer stops');
  await settled(abortGraceMs);

  // Each of them, changed or not: the commit also says that they are released.
  for (const partition of assignments.partitions) partition.version += 1;
  const committed = await unlessDone(lastCommitMs, scheduler, async (over) => {
    while (!over.aborted && !(await committer.flush())) await sleep(scheduler, lastCommitRetryMs, over);
  });
  committer.stop();
  if (!committed)
    logger.warn({ lastCommitMs }, 'the last commit did not get through: what it would have told is repeated');
}

/** Whether a task is done by then. Its signal fires when it need not go on. */
async function unlessDone(
  timeoutMs: number,
  scheduler: Scheduler,
  task: (over: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  const over = new AbortController();
  let done = false;
  const run = async () => {
    await task(over.signal);
    done = true;
    over.abort();
  };
  void run();
  await sleep(scheduler, timeoutMs, over.signal);
  over.abort();
  return done;
}
