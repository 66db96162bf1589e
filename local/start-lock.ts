import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, readPidFile, type RecordedProcess } from './stack/pid-files.ts';
import { processMark } from './stack/process-mark.ts';
import { FolderNotWritableError } from './stack/writable-folder.ts';

/** Another `npm start` runs on this data folder. */
export class AlreadyRunningError extends Error {
  readonly code = 'ALREADY_RUNNING';
  readonly pid: number;
  constructor(pid: number, dataFolder: string) {
    super(
      `The system of this folder is running already (process ${pid}, data in ${dataFolder}).\n` +
        'Stop it with Ctrl-C in its terminal, or: npm stop',
    );
    this.name = 'AlreadyRunningError';
    this.pid = pid;
  }
}

const fileName = 'start.pid';

/** The process that holds the lock of a data folder, if it is alive. */
export function lockHolder(dataFolder: string): RecordedProcess | undefined {
  const holder = readPidFile(join(dataFolder, fileName), 'start');
  return holder && isAlive(holder) ? holder : undefined;
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
    mkdirSync(dataFolder, { recursive: true });
    writeFileSync(own, `${process.pid}\n${processMark(process.pid)}\n`);
  } catch (error) {
    throw new FolderNotWritableError('data', dataFolder, 'NASK_DATA', error);
  }
  try {
    if (lockHolder(dataFolder) === undefined) rmSync(lock, { force: true });
    // A link appears with its content and only where there is none: of two that try, one succeeds.
    linkSync(own, lock);
  } catch (error) {
    const holder = lockHolder(dataFolder);
    throw holder === undefined ? error : new AlreadyRunningError(holder.pid, dataFolder);
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(lock, { force: true });
}
