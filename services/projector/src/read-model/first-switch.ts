import type { Logger } from '@nask/kafka';
import { readModelVersion } from '@nask/schemas';
import type { Component } from '@nask/service';
import type { LogState } from '../commands/context.ts';
import type { Checkpoints } from '../positions/checkpoints.ts';
import { hasCaughtUp, type PartitionProgress } from '../rebuild/progress.rules.ts';
import { repeated } from '../repeated.ts';
import type { Generations } from './generations.ts';

/**
 * Sends readers to the first generation of this version of the read model, once it has all that the log had at the look
 * before, one interval earlier. Until then the gateways of this version wait where an earlier version is in use. Later
 * generations come from a rebuild, which switches to them itself.
 */
export function createFirstSwitch(options: {
  generations: Pick<Generations, 'isSwitched' | 'switchToFirst'>;
  log: LogState;
  /** Those of the first generation. */
  checkpoints: Checkpoints;
  logger: Pick<Logger, 'info' | 'debug'>;
  /** Time between two looks: a read model that is always further behind than this is not switched to. */
  intervalMs?: number;
}): Component {
  const { generations, log, checkpoints, logger, intervalMs = 2_000 } = options;
  let earlier: PartitionProgress[] | undefined;
  let isDone = false;

  async function look(): Promise<void> {
    if (isDone || (isDone = await generations.isSwitched())) return;
    const before = earlier;
    // After a look that fails there is none to compare with: the one before it may be any time ago.
    earlier = undefined;
    const now = await log.look(checkpoints);
    earlier = now;
    if (before === undefined || !hasCaughtUp(before, now)) return;
    await generations.switchToFirst();
    logger.info({ readModelVersion }, 'the read model has all of the log: readers are sent to it');
    isDone = true;
  }

  const looking = repeated({
    name: 'first switch of the read model',
    intervalMs,
    run: look,
    onFailure: (err) => logger.debug({ err }, 'the progress of the read model could not be compared with the log'),
  });
  return {
    ...looking,
    async stop() {
      await looking.stop();
      await log.stop();
    },
  };
}
