import { setTimeout as sleep } from 'node:timers/promises';
import { isolate } from '@nask/testkit';
import { executorChaos, repeatAgeMs, type ExecutorFleet, type PhaseReport } from '../tests/e2e/executor-chaos.ts';
import { withServers } from './servers.ts';
import { printTable } from './table.ts';

/*
 * Three executors under a steady load: first they join and leave gracefully, then two of them are killed by SIGKILL in
 * turn, every few seconds, while the third leaves and joins.
 */

const tasksPerSecond = 50;
const phaseMs = 60_000;
const changeEveryMs = 3_000;
/** An outcome that was there for longer is committed. */
const uncommittedMs = 2_000;

/** True when every task has one outcome, and nothing ran again but what a kill explains. */
function benchExecutorChaos(): Promise<boolean> {
  return withServers(async (servers) => {
    const [graceful, killed] = (await executorChaos({
      isolation: isolate('bench-chaos'),
      servers,
      tasksPerSecond,
      phases: [
        (fleet) => inTurn([0, 1, 2], (index) => fleet.restart(index)),
        async (fleet: ExecutorFleet) => {
          await Promise.all([
            inTurn([0, 1], (index) => fleet.kill(index)),
            inTurn([2], (index) => fleet.restart(index)),
          ]);
        },
      ],
    })) as [PhaseReport, PhaseReport];
    return report(graceful, killed);
  });
}

/** Changes one executor after the other for as long as a phase is. */
async function inTurn(indexes: number[], change: (index: number) => Promise<void>): Promise<void> {
  const endMs = performance.now() + phaseMs;
  for (let i = 0; performance.now() < endMs; i += 1) {
    await change(indexes[i % indexes.length]!);
    await sleep(changeEveryMs);
  }
}

function report(graceful: PhaseReport, killed: PhaseReport): boolean {
  const phases = { 'graceful changes only': graceful, 'kills and graceful changes': killed };
  printTable(
    [
      'phase',
      'tasks',
      'joins and leaves',
      'kills',
      'wrong or two outcomes',
      'ran again after the end',
      'taken over unfinished',
    ],
    Object.entries(phases).map(([name, { tasks, gracefulChanges, kills, wrong, repeats, restarts }]) => [
      name,
      ...[tasks, gracefulChanges, kills.length, wrong.length, repeats.length, restarts].map(String),
    ]),
  );
  const ages = killed.repeats.map((repeat) => repeatAgeMs(repeat, killed.kills));
  if (ages.length > 0) console.log(`what ran again after a kill had ended at most ${Math.max(...ages)} ms before it`);
  for (const wrong of [...graceful.wrong, ...killed.wrong]) console.log(`wrong: ${wrong}`);
  return (
    [...graceful.wrong, ...killed.wrong].length === 0 &&
    graceful.repeats.length === 0 &&
    ages.every((ageMs) => ageMs <= uncommittedMs)
  );
}

process.exitCode = (await benchExecutorChaos()) ? 0 : 1;
