import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { writePidFile } from './pid-files.ts';

/** A command that ended badly; the message has the last lines of its output. */
class CommandError extends Error {
  readonly code = 'COMMAND_FAILED';
}

const tailBytes = 8192;

/**
 * Runs a program to its end.
 * @param options.pidFile in a run folder, so that the program ends with this process, see startGuardian
 * @param options.onOutput called with the last 8 KB of its output, each time there is more
 * @returns the last 8 KB of its output
 * @throws CommandError when it cannot be started or ends with another code than 0; AbortError when aborted
 */
export async function runCommand(
  file: string,
  args: string[],
  options: {
    signal?: AbortSignal;
    env?: Record<string, string | undefined>;
    pidFile?: string;
    onOutput?: (tail: string) => void;
  } = {},
): Promise<string> {
  const { signal, env, pidFile, onOutput } = options;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env }, signal });
  if (pidFile !== undefined && child.pid !== undefined) writePidFile(pidFile, child.pid);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-tailBytes);
    onOutput?.(output);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, killedBy) => resolve(code ?? killedBy ?? 1));
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new CommandError(`${file} could not be run: ${(error as Error).message}`);
  });
  if (pidFile !== undefined) rmSync(pidFile, { force: true });
  if (code !== 0) {
    const call = [file, ...args].join(' ');
    throw new CommandError(`${call}\nended with ${code} and said:\n${output.trimEnd().replaceAll(/^/gm, '    ')}`);
  }
  return output;
}
