/** `npm run events [-- [--json] [TASK ID]]`: the events of the running system, decoded, until Ctrl-C. */
import { parseArgs } from 'node:util';
import { onParentGone } from '@nask/dev-stack';
import { describeEvent, eventAsJson, type SeenEvent } from './seen-event.ts';
import { tailEvents } from './tail-events.ts';
import { runningSystemOrExit } from '../running-system.ts';

const usage = `Usage: npm run events [-- [--json] [TASK ID]]
  without an id: the events of all tasks, from now on
  with an id: the events of that task that the log still has, then those that follow
  --json: one line of JSON for each (npm run --silent events -- --json)`;
const connectTimeoutMs = 10_000;

const { json, taskId } = readArguments();
const running = runningSystemOrExit('npm run events');
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());
onParentGone(() => stopping.abort());
// A reader that has ended (`… | head`) ends this too.
process.stdout.on('error', () => process.exit(0));
process.exit(await run());

/** @returns the exit code */
async function run(): Promise<number> {
  const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(connectTimeoutMs)]);
  try {
    const tail = await tailEvents('events', running, signal);
    if (taskId !== undefined) {
      const history = await tail.history(taskId, stopping.signal);
      if (history.length === 0) {
        console.error(`The log has no event of task ${taskId}: no task has this id, or it is older than the log.`);
        return 1;
      }
      history.forEach(write);
    } else if (!json) console.error('Following the events of all tasks, until Ctrl-C.');
    tail.follow((event) => {
      if (taskId === undefined || event.taskId === taskId) write(event);
    });
    if (!stopping.signal.aborted) {
      await new Promise((resolve) => {
        const timer = setInterval(() => undefined, 60_000);
        stopping.signal.addEventListener('abort', () => resolve(clearInterval(timer)));
      });
    }
    await tail.close();
    return 0;
  } catch (error) {
    if (stopping.signal.aborted) return 0;
    console.error(`The events cannot be read: ${(error as Error).message}`);
    return 1;
  }
}

function write(event: SeenEvent): void {
  if (json) return console.log(eventAsJson(event));
  const time = new Date(event.timestampMs).toISOString().slice(11, -1);
  console.log(`${time}  task ${String(event.taskId).padEnd(6)} ${describeEvent(event)}`);
}

function readArguments(): { json: boolean; taskId: number | undefined } {
  try {
    const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
    const [id] = positionals;
    if (positionals.length > 1 || (id !== undefined && !/^[1-9]\d{0,15}$/.test(id))) throw new Error('wrong usage');
    return { json: values.json ?? false, taskId: id === undefined ? undefined : Number(id) };
  } catch {
    console.error(usage);
    return process.exit(process.argv.includes('--help') ? 0 : 2);
  }
}
