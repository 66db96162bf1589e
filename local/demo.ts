/** `npm run demo`: one task of each type on the running system, and what happens to it. */
import { runDemo } from './demo/run-demo.ts';
import { runningSystemOrExit } from './running-system.ts';

const running = runningSystemOrExit('npm run demo');
try {
  await runDemo({ running, timeoutMs: 30_000, write: (line) => console.log(line) });
} catch (error) {
  console.error(`\nThe demo failed: ${(error as Error).message}\nThe logs of the services: ${running.logsFolder}`);
  process.exitCode = 1;
}
