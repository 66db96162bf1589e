/**
 * `npm test`: types, lint and the unit tests, while the servers start; then the integration and end-to-end tests, side by
 * side.
 * `npm run test:unit` (`:integration`, `:e2e`) runs one suite. What follows is for Jest: `npm run test:unit -- FILE`.
 * It stops at the first step that fails. The last line is the number of tests that passed and failed.
 */
import { onParentGone } from '@nask/dev-stack';
import { startServers, testServersEnv, testServerVariables, type RunningServers } from '@nask/testkit';
import { chromiumProgram } from './browser/chromium.ts';
import { runJest, runStep, type StepResult, type TestCounts } from './steps.ts';

const suites = ['unit', 'integration', 'e2e'] as const;
type Suite = (typeof suites)[number];

/** For two cores; some unit tests wait for a timer, so a third has room. An end-to-end test is a system of seven processes: two of them at a time would be in each other's way. */
const maxWorkers: Record<Suite, number> = { unit: 3, integration: 2, e2e: 1 };

const [first, ...rest] = process.argv.slice(2);
const only = suites.find((suite) => suite === first);
const jestArgs = only || first === undefined ? rest : [first, ...rest];

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
onParentGone(() => stopping.abort());
const { signal } = stopping;

const results: StepResult[] = [];
const counts: TestCounts[] = [];
const needServers = only !== 'unit' && process.env[testServerVariables.brokers] === undefined;
const servers = needServers ? startTestServers() : undefined;
// A failure to start them is told when the first suite that needs them comes up.
servers?.catch(() => undefined);
// Installed meanwhile where it is missing. A failure is reported by the tests that need it.
const browser = only === undefined || only === 'e2e' ? chromiumProgram().catch(() => undefined) : undefined;

try {
  for (const step of only ? [() => [runSuite(only)]] : allSteps()) {
    const sideBySide = await Promise.all(step());
    results.push(...sideBySide);
    if (!sideBySide.every(({ passed }) => passed) || signal.aborted) break;
  }
} catch (error) {
  results.push({ name: 'servers', passed: false, seconds: 0 });
  console.error((error as Error).message);
} finally {
  stopping.abort();
  await servers?.then(
    (running) => running.stop(),
    () => undefined,
  );
}
process.exitCode = summarise();

/** Each step is what runs side by side. */
function allSteps(): (() => Promise<StepResult>[])[] {
  const npmRun = (script: string) => runStep(script, 'npm', { args: ['run', '--silent', script], signal });
  return [
    () => [npmRun('types'), npmRun('lint')],
    () => [runSuite('unit')],
    () => [runSuite('integration'), runSuite('e2e')],
  ];
}

async function runSuite(suite: Suite): Promise<StepResult> {
  if (suite === 'e2e') await browser;
  const env = suite === 'unit' || !servers ? {} : testServersEnv((await servers).addresses);
  // A path given for all suites is in one of them only.
  const args = only || jestArgs.length === 0 ? jestArgs : ['--passWithNoTests', ...jestArgs];
  const result = await runJest(suite, { args, maxWorkers: maxWorkers[suite], env, signal });
  counts.push(result.counts);
  return result;
}

async function startTestServers(): Promise<RunningServers> {
  const startedMs = performance.now();
  const running = await startServers((server, step) => console.log(`   servers: ${server.product}: ${step}`), signal);
  console.log(`   servers: ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return running;
}

/** @returns the exit code */
function summarise(): number {
  console.log();
  for (const { name, passed, seconds } of results) {
    console.log(`${passed ? 'passed' : 'FAILED'}  ${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s`);
  }
  const sum = (key: keyof TestCounts) => counts.reduce((total, each) => total + each[key], 0);
  const failedSteps = results.filter(({ passed }) => !passed).length;
  // A step that failed without a failed test (types, lint, the servers) counts as one.
  const failed = Math.max(sum('failed'), failedSteps);
  const skipped = sum('skipped');
  console.log(`\n${sum('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failedSteps > 0 ? 1 : 0;
}
