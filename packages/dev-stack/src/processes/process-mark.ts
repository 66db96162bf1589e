import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * What tells a process from a later one with the same number: when it began, as the system writes it (Linux: clock
 * ticks since boot, field 22 of /proc/PID/stat; elsewhere: the line of `ps -o lstart=`).
 * @returns undefined when there is no such process (a zombie has ended too, unless threads of it still run)
 */
export function processMark(pid: number): string | undefined {
  return process.platform === 'linux' ? markFromProc(pid) : markFromPs(pid);
}

/** The same as a line of POSIX shell, for a process that writes its own number and mark down: see managed-process.ts. */
export const ownMarkInShell = 'cut -d" " -f22 "/proc/$$/stat" 2>/dev/null || LC_ALL=C ps -o lstart= -p $$';

function markFromProc(pid: number): string | undefined {
  const fields = statFields(String(pid));
  if (fields === undefined) return undefined;
  const [state, threads, startTicks] = [fields[0], Number(fields[17]), fields[19]];
  // While its other threads end, a process whose first thread has ended still has its ports and file locks.
  const hasEnded = state === 'X' || (state === 'Z' && threads <= 1);
  return hasEnded ? undefined : startTicks;
}

/**
 * The fields of a stat file in /proc (Linux, proc_pid_stat(5)) from the third on: the state is the first of them.
 * @param process a process, 'PID', or a thread of it, 'PID/task/TID'
 * @returns undefined when there is no such process or thread
 */
export function statFields(process: string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, 'latin1');
    // The second field is the command's name in brackets, which may itself hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function markFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } });
    return line.toString().trim() || undefined;
  } catch {
    return undefined;
  }
}
