import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FolderNotWritableError, isAlive, readPidFile, writePidFile, type RecordedProcess } from '@nask/dev-stack';

/** Another `npm start` runs on this data folder. */
export class AlreadyRunningError extends Error {
  readonly code = 'ALREADY_RUNNING';
  readonly pid: number;
  /** Whether it is stopping, so that the folder is soon free. */
  readonly isStopping: boolean;
  constructor(pid: number, dataFolder: string) {
    super(
      `The system of this folder is running already (process ${pid}, data in ${dataFolder}).\n` +
        'Stop it with Ctrl-C in its terminal, or: npm stop',
    );
    this.name = 'AlreadyRunningError';
    this.pid = pid;
    this.isStopping = readPidFile(stopFile(dataFolder), 'start')?.pid === pid;
  }
}

const fileName = 'start.pid';

function stopFile(dataFolder: string): string {
  return join(dataFolder, 'stopping.pid');
}

/** For the holder of the lock: marks it as stopping, until the lock is released. */
export function markStopping(dataFolder: string): void {
  writePidFile(stopFile(dataFolder), process.pid);
}

/** The process that holds the lock of a data folder, if it is alive. */
export function lockHolder(dataFolder: string): RecordedProcess | undefined {
  const holder = readPidFile(join(dataFolder, fileName), 'start');
  return holder && isAlive(holder) ? holder : undefined;
}

/**
 * Removes the lock of a process that died. Another process may have replaced it since it was read: only what has been
 * moved away can be checked without that risk. The lock of a live process is put back.
 * @throws AlreadyRunningError when a live process holds the lock
 */
export function removeStaleLock(dataFolder: string): void {
  const lock = join(dataFolder, fileName);
  const moved = `${lock}.${process.pid}.stale`;
  try {
    renameSync(lock, moved);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const holder = readPidFile(moved, 'start');
  const isLive = holder !== undefined && isAlive(holder);
  try {
    if (isLive) linkSync(moved, lock);
  } finally {
    rmSync(moved, { force: true });
  }
  if (isLive) throw new AlreadyRunningError(holder.pid, dataFolder);
}

/**
 * Makes this process the only one on a data folder. The lock of a process that died is taken over.
 * @returns how to release it
 * @throws AlreadyRunningError
 * @throws FolderNotWritableError
 */
export function acquireStartLock(dataFolder: string): () => void {
  const lock = join(dataFolder, fileName);
  const own = `${lock}.${process.pid}`;
  try {
    writePidFile(own, process.pid);
  } catch (error) {
    throw new FolderNotWritableError('data', dataFolder, 'NASK_DATA', error);
  }
  try {
    if (existsSync(lock) && lockHolder(dataFolder) === undefined) removeStaleLock(dataFolder);
    // A link appears with its content and only where there is none: of two that try, one succeeds.
    linkSync(own, lock);
  } catch (error) {
    if (error instanceof AlreadyRunningError) throw error;
    const holder = lockHolder(dataFolder);
    throw holder === undefined ? error : new AlreadyRunningError(holder.pid, dataFolder);
  } finally {
    rmSync(own, { force: true });
  }
  // Of a process that died.
  rmSync(stopFile(dataFolder), { force: true });
  return () => {
    rmSync(stopFile(dataFolder), { force: true });
    rmSync(lock, { force: true });
  };
}
