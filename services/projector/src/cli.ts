import { connectKafka } from '@nask/kafka';
import { createLogger, kafkaAccess, loadSettingsOrExit, registryAccess } from '@nask/service';
import { createEventCodec } from '@nask/task-log';
import { CommandError, type CommandContext } from './commands/context.ts';
import { drop } from './commands/drop.ts';
import { commandSettings, daysMs, settingsRules } from './config.ts';
import { connectStore } from './read-model/store-connection.ts';
import { rebuild } from './rebuild/rebuild.ts';
import { verify } from './verify/verify.ts';

/**
 * `npm run projector -- COMMAND`: rebuild, verify, drop [GENERATION | vVERSION]. The settings are the projector's.
 * Exit code: 0; 1 when it could not do its work, or verify found differences; 2 for wrong usage.
 */
const usage = `Usage: npm run projector -- COMMAND
  rebuild          builds a new read model from the log beside the live one, then switches to it
  verify           compares the live read model with the log; exit code 1 when they differ
  drop             lists the generations of the read model, and earlier versions
  drop GENERATION  deletes one that is not live, e.g. drop 1
  drop vVERSION    deletes all of an earlier version, e.g. drop v1`;

const [command = '', ...args] = process.argv.slice(2);
const commands: Record<string, (context: CommandContext) => Promise<boolean>> = {
  rebuild: async (context) => rebuild(context).then(() => !context.signal.aborted),
  verify: async (context) => (await verify(context)).differences === 0 && !context.signal.aborted,
  drop: async (context) => drop(context, args[0]).then(() => true),
};
const run = commands[command];
if (run === undefined || args.length > (command === 'drop' ? 1 : 0)) {
  console.error(usage);
  process.exit(2);
}

const settings = loadSettingsOrExit({ service: 'projector', table: commandSettings, rules: settingsRules });
const logger = createLogger({ service: 'projector', level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
const topicPrefix = settings.TOPIC_PREFIX;
const store = connectStore(settings, logger);
const codec = createEventCodec({ ...registryAccess(settings), topicPrefix, logger });
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

const isTerminal = process.stdout.isTTY;
const progressIntervalMs = 5_000;
let progressAtMs = -Infinity;

try {
  await codec.start({ signal: stop.signal });
  const isDone = await run({
    connection: connectKafka({ ...kafkaAccess(settings), clientId: 'projector-command', logger }),
    codec,
    db: store.db,
    topicPrefix,
    retentionMs: daysMs(settings.RETENTION_DAYS),
    maxBatchEvents: settings.PROJECTOR_MAX_BATCH_EVENTS,
    maxBatchBytes: settings.PROJECTOR_MAX_BATCH_BYTES,
    logger,
    signal: stop.signal,
    print: (line) => console.log(isTerminal ? `\r\u001b[K${line}` : line),
    progress(line) {
      if (isTerminal) process.stdout.write(`\r\u001b[K${line}`);
      else if (performance.now() - progressAtMs > progressIntervalMs) {
        progressAtMs = performance.now();
        console.log(line);
      }
    },
  });
  process.exitCode = isDone ? 0 : 1;
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await store.close();
}
