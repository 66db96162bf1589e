import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

/** How many tests of a suite passed, failed and were skipped. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of Jest's results file that is read. */
interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that could not be run at all. */
  readonly numRuntimeErrorTestSuites: number;
}

/** For a test that says nothing itself: only so that one that hangs ends, whatever else the machine does. */
const testTimeoutMs = 60_000;

/** Runs one of Jest's projects. The counts are those of its results file; a file that could not be run counts as failed. */
export async function runJest(
  project: string,
  options: { args: string[]; maxWorkers: number; env: Record<string, string>; signal: AbortSignal },
): Promise<StepResult & { counts: TestCounts }> {
  const folder = await mkdtemp(join(tmpdir(), 'nask-results-'));
  const resultsFile = join(folder, 'results.json');
  try {
    const result = await runStep(project, process.execPath, {
      args: [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        join(import.meta.dirname, '..', 'node_modules', 'jest', 'bin', 'jest.js'),
        `--selectProjects=${project}`,
        `--maxWorkers=${options.maxWorkers}`,
        `--testTimeout=${testTimeoutMs}`,
        '--json',
        `--outputFile=${resultsFile}`,
        ...options.args,
      ],
      env: options.env,
      signal: options.signal,
    });
    const text = await readFile(resultsFile, 'utf8').catch(() => undefined);
    return { ...result, counts: text === undefined ? noResults : count(JSON.parse(text) as JestResults) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const noResults: TestCounts = { passed: 0, failed: 1, skipped: 0 };

function count(results: JestResults): TestCounts {
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}
