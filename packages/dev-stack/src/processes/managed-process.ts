import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { logTail, openLog, errorLine } from './log-file.ts';
import { ownMarkInShell } from './pid-files.ts';

/** How to run a program, and how to tell that it is up. */
interface ProcessRecipe {
  readonly name: string;
  /** Asked at each start, so that a start can take what the last one left (an archive, a port). */
  command(): { file: string; args: string[]; env?: Record<string, string | undefined>; cwd?: string };
  /** Speaks the program's own protocol to it; throws as long as it is not ready. */
  probe(signal: AbortSignal): Promise<void>;
  readonly logFile: string;
  readonly pidFile: string;
  readonly startTimeoutMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopTimeoutMs: number;
}

/** How a process ended; `expected` when stop or kill asked for it. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly expected: boolean;
}

/** A process that did not come up: it died, or was not ready in time. The message has the end of its log of this start. */
export class ProcessStartError extends Error {
  readonly code = 'PROCESS_START_FAILED';
  /** Why, without the name and the log. */
  readonly reason: string;
  constructor(name: string, reason: string, log: { file: string; from: number }) {
    const tail = logTail(log.file, { from: log.from }).replaceAll(/^/gm, '    ');
    super(
      `${name} ${reason}. Its log, ${log.file}, ${tail.trim() ? `ends with:\n${tail}` : 'has nothing of this start.'}`,
    );
    this.name = 'ProcessStartError';
    this.reason = reason;
  }
}

/** One program that can be started, stopped and killed any number of times. */
export interface ManagedProcess {
  readonly name: string;
  readonly logFile: string;
  /** The line of the log since the last start that says most about an end, see errorLine; empty without one. */
  errorLine(): string;
  /** Why the last probe of a start that is under way failed; undefined before that and once it is ready. */
  lastProbeFailure(): string | undefined;
  /** The process that runs now. */
  pid(): number | undefined;
  /** Resolved once the probe succeeds. @throws ProcessStartError */
  start(): Promise<void>;
  /** SIGTERM, and SIGKILL when it takes longer than its stop timeout; resolved when the process is gone. */
  stop(): Promise<void>;
  /** Sends a signal that ends it; resolved when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Sends a signal and waits for nothing (SIGSTOP, SIGCONT). */
  signal(signal: NodeJS.Signals): void;
  onExit(listener: (exit: ProcessExit) => void): void;
}

/**
 * Runs a program in a process group of its own (Ctrl-C in the terminal is for us alone, who stop things in order), its
 * output in a log file, its number in a pid file.
 */
export function manageProcess(recipe: ProcessRecipe): ManagedProcess {
  const listeners: ((exit: ProcessExit) => void)[] = [];
  let running: { child: ChildProcess; exited: Promise<void>; ending: boolean } | undefined;
  /** Size of the log at the last start: what earlier starts wrote is not shown. */
  let logStart = 0;
  let probeFailure: string | undefined;

  function launch(): { child: ChildProcess; exited: Promise<void>; ending: boolean } {
    const { file, args, env, cwd } = recipe.command();
    for (const path of [recipe.logFile, recipe.pidFile]) mkdirSync(dirname(path), { recursive: true });
    const log = openLog(recipe.logFile);
    logStart = fstatSync(log).size;
    // The shell writes the pid file and becomes the program: there is no moment in which the program runs unrecorded.
    const script = `{ echo $$; ${ownMarkInShell}; } > "$0" && exec "$@"`;
    const child = spawn('/bin/sh', ['-c', script, recipe.pidFile, file, ...args], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
      cwd,
      detached: true,
    });
    closeSync(log);
    const exited = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', (code, signal) => {
        rmSync(recipe.pidFile, { force: true });
        const expected = started.ending;
        if (running === started) running = undefined;
        resolve();
        for (const listener of listeners) listener({ code, signal, expected });
      });
    });
    const started = { child, exited, ending: false };
    return started;
  }

  async function start(): Promise<void> {
    if (running) return;
    const started = launch();
    running = started;
    const given = new AbortController();
    probeFailure = undefined;
    try {
      await Promise.race([
        untilReady(given.signal),
        started.exited.then(() => {
          if (started.ending) throw new Error(`${recipe.name} was stopped while it was starting`);
          throw startError('ended while it was starting');
        }),
      ]);
      probeFailure = undefined;
    } catch (error) {
      await kill();
      throw error;
    } finally {
      given.abort();
    }
  }

  /** @param signal ends the waiting, when the process has ended first */
  async function untilReady(signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + recipe.startTimeoutMs;
    while (!signal.aborted) {
      try {
        return await recipe.probe(AbortSignal.any([signal, AbortSignal.timeout(2000)]));
      } catch (error) {
        if (signal.aborted) return;
        probeFailure = failureText(error as Error);
        if (Date.now() > deadline)
          throw startError(`was not ready within ${recipe.startTimeoutMs / 1000} s (${probeFailure})`);
        await delay(50);
      }
    }
  }

  function startError(reason: string): ProcessStartError {
    return new ProcessStartError(recipe.name, reason, { file: recipe.logFile, from: logStart });
  }

  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const target = running;
    if (!target) return;
    target.ending = true;
    target.child.kill(signal);
    await target.exited;
  }

  async function stop(): Promise<void> {
    const timer = setTimeout(() => running?.child.kill('SIGKILL'), recipe.stopTimeoutMs);
    await kill('SIGTERM').finally(() => clearTimeout(timer));
  }

  return {
    name: recipe.name,
    logFile: recipe.logFile,
    lastProbeFailure: () => probeFailure,
    errorLine: () => errorLine(recipe.logFile, logStart),
    pid: () => running?.child.pid,
    start,
    stop,
    kill,
    signal: (signal) => void running?.child.kill(signal),
    onExit: (listener) => void listeners.push(listener),
  };
}

/** Of a request that failed, the cause: `fetch failed` says nothing. */
function failureText({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
