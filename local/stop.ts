/** `npm stop`: stops the system that `npm start` runs on this data folder, and returns once it is gone. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { endLeftovers, isAlive, sendSignal, type RecordedProcess } from '@nask/dev-stack';
import { foldersOf } from './config.ts';
import { deleteRunInfo, readPlace } from './running-system.ts';
import { acquireStartLock, AlreadyRunningError, lockHolder } from './start-lock.ts';

/** Longer than the services' grace period and the servers' stops together. */
const timeoutMs = 90_000;

const folders = foldersOf(readPlace('npm stop'));
process.exitCode = await stop();

/** @returns the exit code */
async function stop(): Promise<number> {
  const holder = lockHolder(folders.root);
  if (holder !== undefined) {
    console.log(
      `Stopping the system of ${folders.root} (process ${holder.pid}): running work is finished or handed back.`,
    );
    sendSignal(holder.pid, 'SIGTERM');
    if (!(await isGone(holder))) {
      console.error(`It has not stopped within ${timeoutMs / 1000} s. To end it at once: kill -9 ${holder.pid}`);
      return 1;
    }
  }
  const hadLeftovers = await endLeftoversUnlessStarted();
  console.log(holder || hadLeftovers ? 'Stopped.' : `Nothing runs on ${folders.root}.`);
  return 0;
}

async function isGone(holder: RecordedProcess): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(holder)) {
    if (Date.now() > deadline) return false;
    await delay(50);
  }
  return true;
}

/** What a start that was killed left running. The lock keeps a new start out meanwhile, and us out of one. */
async function endLeftoversUnlessStarted(): Promise<boolean> {
  if (!existsSync(folders.run)) return false;
  try {
    const release = acquireStartLock(folders.root);
    // Of another npm stop, which takes the holder of the lock for a system and waits until it is gone.
    process.on('SIGTERM', () => undefined);
    deleteRunInfo(folders.root);
    return await endLeftovers(folders.run).finally(release);
  } catch (error) {
    if (error instanceof AlreadyRunningError) return false;
    throw error;
  }
}
