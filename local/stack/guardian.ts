import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endProcesses } from './pid-files.ts';

/** Watches over the processes of a run folder; see startGuardian. */
export interface Guardian {
  /** Lets the guardian go, once all has been stopped in order. */
  close(): Promise<void>;
}

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

/** The guardian itself: waits for the end of its input, then cleans up. */
async function guard(runFolder: string, deleteFolder: string | undefined): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('close', resolve).once('error', resolve));
  await endProcesses(runFolder, { graceMs: 5000 });
  // A process that was being started when its parent died writes its pid file about now.
  await delay(500);
  await endProcesses(runFolder, { graceMs: 0 });
  if (deleteFolder) rmSync(deleteFolder, { recursive: true, force: true });
}

if (import.meta.main) {
  const [runFolder, deleteFolder] = process.argv.slice(2);
  if (runFolder) await guard(runFolder, deleteFolder);
}
