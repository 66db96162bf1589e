import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A process as its pid file names it: the number, and the mark that no other process with that number has. */
export interface RecordedProcess {
  readonly name: string;
  readonly pid: number;
  readonly mark: string;
}

/** Where the process of this name has its pid file. */
export function pidFile(runFolder: string, name: string): string {
  return join(runFolder, `${name}.pid`);
}

/** Whether a process still runs, and is not another one with the same number. */
export function isAlive({ pid, mark }: RecordedProcess): boolean {
  return processMark(pid) === mark;
}

/** The processes of a run folder that are alive now; the files of those that are gone are deleted. */
export function liveProcesses(runFolder: string): RecordedProcess[] {
  mkdirSync(runFolder, { recursive: true });
  return readdirSync(runFolder)
    .filter((file) => file.endsWith('.pid'))
    .flatMap((file) => {
      const path = join(runFolder, file);
      const recorded = readPidFile(path, file.slice(0, -'.pid'.length));
      if (recorded && isAlive(recorded)) return [recorded];
      // A file that is still being written is no use to anybody, but is not ours to delete.
      if (recorded) rmSync(path, { force: true });
      return [];
    });
}

/**
 * Ends every process of a run folder: SIGTERM first, SIGKILL for those that are still there after the grace period.
 * It looks again until none is left, so one that was just being started is found too.
 * @param options.spare the names of those that go on
 * @returns the names of those it ended
 */
export async function endProcesses(
  runFolder: string,
  { graceMs, spare = [] }: { graceMs: number; spare?: readonly string[] },
): Promise<string[]> {
  const names = new Set<string>();
  const deadline = Date.now() + graceMs;
  for (;;) {
    const alive = liveProcesses(runFolder).filter(({ name }) => !spare.includes(name));
    if (alive.length === 0) return [...names];
    for (const { name, pid } of alive) {
      if (Date.now() > deadline) sendSignal(pid, 'SIGKILL');
      else if (!names.has(name)) sendSignal(pid, 'SIGTERM');
      names.add(name);
    }
    await delay(50);
  }
}

/** Writes the pid file of a process that runs. */
export function writePidFile(path: string, pid: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${pid}\n${processMark(pid) ?? ''}\n`);
}

/** What a pid file says; undefined when there is none, or it is being written. */
export function readPidFile(path: string, name: string): RecordedProcess | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const [pid, mark] = text.split('\n');
  return pid && mark ? { name, pid: Number(pid), mark: mark.trim() } : undefined;
}

/** Sends a signal to a process that may have ended meanwhile. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

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
