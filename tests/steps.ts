import { spawn } from 'node:child_process';

/** How one step of a run went. */
export interface StepResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

/** A step that takes longer hangs. */
const timeoutMs = 15 * 60_000;

/** Runs a program to its end, its output going where ours goes. */
export async function runStep(
  name: string,
  file: string,
  { args, env = {}, signal }: { args: string[]; env?: Record<string, string>; signal: AbortSignal },
): Promise<StepResult> {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 76 - name.length))}`);
  const startedMs = performance.now();
  const child = spawn(file, args, {
    cwd: `${import.meta.dirname}/..`,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const passed = await new Promise<boolean>((resolve) => {
    child.once('error', (error) => {
      console.error(`${name}: ${error.message}`);
      resolve(false);
    });
    child.once('exit', (code) => resolve(code === 0));
  });
  return { name, passed, seconds: (performance.now() - startedMs) / 1000 };
}
