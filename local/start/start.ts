/** `npm start`: the whole system on this machine, until Ctrl-C. */
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { SettingsError, settingsExitCode } from '@nask/service';
import { onParentGone } from '@nask/dev-stack';
import { foldersOf, opsPortsOf, readLocalSettings } from '../config.ts';
import { createProgress, welcome } from './output.ts';
import { acquireStartLock, AlreadyRunningError, markStopping } from '../start-lock.ts';
import { createLocalSystem } from './system.ts';

/** One Ctrl-C can arrive twice: from the terminal, and passed on by npm. A second one this much later is a second one. */
const sameSignalMs = 500;
/** Longer than the services' grace period and the servers' stops together. */
const otherStopTimeoutMs = 90_000;

const { settings, faults: localFaults } = readLocalSettings(process.env);
const folders = foldersOf(settings);
const system = createLocalSystem(settings);
const progress = createProgress((line) => console.log(line));

const stopping = Promise.withResolvers<NodeJS.Signals>();
const aborted = new AbortController();
let firstSignalMs: number | undefined;
let release: (() => void) | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));
// Without the script that started this process there is no terminal and no parent.
onParentGone(() => onSignal('SIGHUP'));
// A terminal that was closed takes no more lines; the stop goes on without them.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exit(await run());

function onSignal(signal: NodeJS.Signals): void {
  if (firstSignalMs === undefined) {
    firstSignalMs = performance.now();
    if (release) markStopping(folders.root);
    console.log('\nStopping: what runs is finished or handed back first. Ctrl-C again ends it at once.');
    aborted.abort();
    stopping.resolve(signal);
  } else if (signal === 'SIGINT' && performance.now() - firstSignalMs > sameSignalMs) {
    // Ctrl-C alone: a second npm stop does not cut the first one short.
    console.log('Ended at once.');
    system.killAll();
    process.exit(128 + constants.signals[signal]);
  }
}

/** @returns the exit code */
async function run(): Promise<number> {
  let started: Promise<void> | undefined;
  try {
    const faults = [...localFaults, ...system.settingsFaults()];
    if (faults.length > 0) throw new SettingsError(faults);
    release = await acquireLockOnceStopped();
    if (release === undefined) return 0;
    console.log('Starting the system; the first time it downloads its servers.');
    started = system.start(progress, aborted.signal);
    await Promise.race([started, stopping.promise]);
    if (!aborted.signal.aborted) {
      console.log(welcome({ system, opsPorts: opsPortsOf(settings), folders }));
      await stopping.promise;
    }
    return 0;
  } catch (error) {
    if (error instanceof SettingsError) {
      console.error(`npm start cannot start: ${error.message}`);
      return settingsExitCode;
    }
    console.error(`\n${(error as Error).message}`);
    return 1;
  } finally {
    if (started) await system.stop(progress);
    // A start that was broken off fails once what it waited for has been stopped.
    await started?.catch(() => undefined);
    release?.();
    progress.close();
  }
}

/**
 * Waits for a system of this folder that is stopping.
 * @returns how to release the lock; undefined when a signal came first
 * @throws AlreadyRunningError
 */
async function acquireLockOnceStopped(): Promise<(() => void) | undefined> {
  const deadline = performance.now() + otherStopTimeoutMs;
  for (let hasSaid = false; !aborted.signal.aborted; hasSaid = true) {
    try {
      return acquireStartLock(folders.root);
    } catch (error) {
      if (!(error instanceof AlreadyRunningError) || !error.isStopping || performance.now() > deadline) throw error;
      if (!hasSaid) console.log(`The system of this folder is stopping (process ${error.pid}); waiting for its end.`);
      await delay(100);
    }
  }
  return undefined;
}
