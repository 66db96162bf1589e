import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Suspends a process (SIGSTOP) until it gets SIGCONT. Resolved once all of its threads stand still: on a busy machine a
 * server still answers for a while after the signal was sent. Linux only, as the tests that need it.
 */
export async function suspendProcess(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error('the process that is to be suspended does not run');
  process.kill(pid, 'SIGSTOP');
  while (!threadStates(pid).every((state) => state === 'T')) await delay(1);
}

function threadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
      // After the command's name in brackets, which may hold spaces.
      return [stat.charAt(stat.lastIndexOf(')') + 2)];
    } catch {
      // The thread has ended.
      return [];
    }
  });
}
