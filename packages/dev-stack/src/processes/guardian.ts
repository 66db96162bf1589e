import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endProcesses, isAlive, readPidFile, sendSignal, writePidFile } from './pid-files.ts';
import { serverNames } from '../server.ts';

/** Watches over the processes of a run folder; see startGuardian. */
export interface Guardian {
  /** Lets the guardian go, once all has been stopped in order. */
  close(): Promise<void>;
}

/** A guardian needs at most its two grace periods and a second. */
const guardianTimeoutMs = 20_000;

/** Not named .pid: the guardian is none of the processes that are to be ended. */
const guardianFile = (runFolder: string): string => join(runFolder, 'guardian');

/**
 * Starts a small process of its own that ends every process of the run folder when this process is gone, whatever the
 * way: an exit, SIGKILL, a closed terminal. It holds the reading end of a pipe; the system closes the writing end when
 * the holder dies.
 * @param deleteFolder a folder to delete afterwards (temporary data)
 */
export function startGuardian(runFolder: string, { deleteFolder }: { deleteFolder?: string } = {}): Guardian {
  const self = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [self, runFolder, ...(deleteFolder ? [deleteFolder] : [])], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // its own process group: Ctrl-C must not reach it
  });
  // Written here, not by the guardian: no moment without it, should this process die soon.
  writePidFile(guardianFile(runFolder), child.pid ?? 0);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    close: async () => {
      child.ref();
      child.stdin.end();
      await exited;
    },
  };
}

/**
 * Ends what an earlier system of this run folder left behind when it died. Its guardian may be doing the same: it is
 * waited for, because it would end the processes of a new system too.
 * @returns whether there was anything
 */
export async function endLeftovers(runFolder: string): Promise<boolean> {
  const guardian = readPidFile(guardianFile(runFolder), 'guardian');
  const isGuarded = guardian !== undefined && isAlive(guardian);
  const deadline = Date.now() + guardianTimeoutMs;
  while (guardian !== undefined && isAlive(guardian)) {
    if (Date.now() > deadline) sendSignal(guardian.pid, 'SIGKILL');
    await delay(50);
  }
  const ended = await endInOrder(runFolder);
  rmSync(guardianFile(runFolder), { force: true });
  return isGuarded || ended.length > 0;
}

/** Services first: without Kafka they cannot leave their groups, and the next ones would wait for a session time-out. */
async function endInOrder(runFolder: string): Promise<string[]> {
  const services = await endProcesses(runFolder, { graceMs: 5000, spare: serverNames });
  return [...services, ...(await endProcesses(runFolder, { graceMs: 5000 }))];
}

/** The guardian itself: waits for the end of its input, then cleans up. */
async function guard(runFolder: string, deleteFolder: string | undefined): Promise<void> {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('close', resolve).once('error', resolve));
  await endInOrder(runFolder);
  // A process that was being started when its parent died writes its pid file about now.
  await delay(500);
  await endProcesses(runFolder, { graceMs: 0 });
  rmSync(guardianFile(runFolder), { force: true });
  if (deleteFolder) rmSync(deleteFolder, { recursive: true, force: true });
}

/**
 * Calls back once the script that started this process is gone: it holds an IPC channel open, see install-and-run.mjs. The
 * channel does not keep this process alive. Without a channel nothing happens.
 */
export function onParentGone(callback: () => void): void {
  process.once('disconnect', callback);
  process.channel?.unref();
  // The event was emitted while modules were loading.
  if (process.send !== undefined && !process.connected) callback();
}

if (import.meta.main) {
  const [runFolder, deleteFolder] = process.argv.slice(2);
  if (runFolder) await guard(runFolder, deleteFolder);
}
