import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { statFields } from '@nask/dev-stack';

/**
 * Suspends a process (SIGSTOP) until it gets SIGCONT. Resolved once all of its threads stand still: on a busy machine a
 * server still answers for a while after the signal was sent. Linux only, as the tests that need it.
 */
export async function suspendProcess(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error('the process that is to be suspended does not run');
  process.kill(pid, 'SIGSTOP');
  while (!threadStates(pid).every((state) => state === 'T')) await delay(1);
}

/** Those of the threads that have not ended meanwhile. */
function threadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => statFields(`${pid}/task/${thread}`)?.[0] ?? []);
}
