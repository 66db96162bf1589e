import type { Logger } from '@nask/kafka';
import { readModelVersion } from '@nask/schemas';
import type { Component } from '@nask/service';
import type { LogState } from '../commands/context.ts';
import type { Checkpoints } from '../positions/checkpoints.ts';
import { hasCaughtUp, type PartitionProgress } from '../rebuild/progress.rules.ts';
import { repeated } from '../repeated.ts';
import type { Generations } from './generations.ts';

/**
 * Sends readers to the first generation of this version of the read model, once it has all that the log had when this
 * process started. Until then the gateways of this version wait where an earlier version is in use. Later generations
 * come from a rebuild, which switches to them itself.
 */
export function createFirstSwitch(options: {
  generations: Pick<Generations, 'isSwitched' | 'switchToFirst'>;
  log: LogState;
  /** Those of the first generation. */
  checkpoints: Checkpoints;
  logger: Pick<Logger, 'info' | 'debug'>;
}): Component {
  const { generations, log, checkpoints, logger } = options;
  let atStart: PartitionProgress[] | undefined;
  let isDone = false;

  async function look(): Promise<void> {
    if (isDone || (isDone = await generations.isSwitched())) return;
    const now = await log.look(checkpoints);
    atStart ??= now;
    if (!hasCaughtUp(atStart, now)) return;
    await generations.switchToFirst();
    logger.info({ version: readModelVersion }, 'the read model has all of the log: readers are sent to it');
    isDone = true;
  }

  const looking = repeated({
    name: 'first switch of the read model',
    intervalMs: 500,
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
