import { beforeAll, describe, expect, test } from '@jest/globals';
import { isolate, testServers } from '@nask/testkit';
import { executorChaos, repeatAgeMs, type PhaseReport } from './executor-chaos.ts';

/**
 * The longest that an outcome may have been there without a commit: the interval of 200 ms, the commit itself, and as
 * much as a machine that starts processes all the time may be late.
 */
const uncommittedMs = 2_000;

describe('three executors under a steady load of mixed tasks', () => {
  let graceful: PhaseReport;
  let killed: PhaseReport;

  beforeAll(async () => {
    [graceful, killed] = (await executorChaos({
      isolation: isolate('executor-survival'),
      servers: testServers(),
      tasksPerSecond: 30,
      phases: [
        async (fleet) => {
          for (const index of [0, 1]) await fleet.restart(index);
        },
        async (fleet) => {
          await Promise.all([fleet.kill(0), fleet.restart(2)]);
          await fleet.kill(1);
        },
      ],
    })) as [PhaseReport, PhaseReport];
    const [{ repeats, restarts }, after] = [graceful, killed];
    console.log(
      `graceful changes: ${repeats.length} of ${graceful.tasks} tasks ran again after their end (${restarts} taken over)\n` +
        `kills: ${after.repeats.length} of ${killed.tasks} tasks ran again after their end (${after.restarts} taken over)`,
    );
  }, 180_000);

  test('when they join and leave, every task has one outcome, and none runs again', () => {
    expect(graceful).toMatchObject({ gracefulChanges: 4, kills: [], wrong: [], repeats: [] });
  });

  test('when they are killed, every task has one outcome', () => {
    expect(killed).toMatchObject({ kills: [{}, {}], wrong: [] });
  });

  test('when they are killed, only what ended since the last commit runs again', () => {
    const tooOld = killed.repeats.filter((repeat) => repeatAgeMs(repeat, killed.kills) > uncommittedMs);
    expect(tooOld).toEqual([]);
  });
});
