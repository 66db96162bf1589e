/** `npm run demo`: one task of each type on the running system, and what happens to it. */
import { loadSettingsOrExit } from '@nask/service';
import { foldersOf, settingsTable } from './config.ts';
import { runDemo } from './demo/run-demo.ts';
import { readRunInfo } from './run-info.ts';

const folders = foldersOf(loadSettingsOrExit({ service: 'npm run demo', table: settingsTable }));
const running = readRunInfo(folders.root);
if (!running) {
  console.error('The system does not run, or is still starting. Start it in another terminal first: npm start');
  process.exit(1);
}
try {
  await runDemo({ running, timeoutMs: 30_000, write: (line) => console.log(line) });
} catch (error) {
  console.error(`\nThe demo failed: ${(error as Error).message}\nThe logs of the services: ${folders.logs}`);
  process.exitCode = 1;
}
