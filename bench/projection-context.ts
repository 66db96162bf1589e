import { connectKafka } from '@nask/kafka';
import { createEventCodec } from '@nask/task-log';
import { createLogger } from '@nask/service';
import { isolate, serviceEnv, testServers } from '@nask/testkit';
import { MongoClient, type Db } from 'mongodb';
import type { CommandContext } from '../services/projector/src/commands/context.ts';
import { openEventLog, type EventLog } from '../services/projector/src/fixtures/event-log.ts';
import { lifeOfTask } from '../services/projector/src/fixtures/task-events.ts';

/** A log of task events and a read model of their own, for the benchmarks of the projector. */
interface ProjectionBench {
  readonly db: Db;
  readonly log: EventLog;
  /** What the projector's commands work with. */
  readonly context: CommandContext;
  /** The settings that connect services with them. */
  readonly env: Record<string, string>;
  /** Writes the whole lives of tasks with these ids, four events each. */
  writeLives(firstId: number, count: number): Promise<void>;
  close(): Promise<void>;
}

const tasksPerWrite = 500;

export async function openProjectionBench(name: string): Promise<ProjectionBench> {
  const servers = testServers();
  const isolation = isolate(name);
  const { topicPrefix } = isolation;
  const logger = createLogger({ service: 'bench', level: 'error' });
  const connection = connectKafka({ brokers: servers.brokers, clientId: 'bench', topicPrefix, logger });
  const codec = createEventCodec({ registryUrl: servers.registryUrl, topicPrefix, logger });
  const client = new MongoClient(servers.mongoUrl);
  const db = client.db(isolation.database);
  const log = await openEventLog(servers, isolation);
  await codec.start();
  return {
    db,
    log,
    context: {
      connection,
      codec,
      db,
      topicPrefix,
      logger,
      retentionMs: 30 * 86_400_000,
      maxBatchEvents: 1_000,
      maxBatchBytes: 8 * 1024 * 1024,
      signal: new AbortController().signal,
      print: (line) => console.log(line),
      progress: (line) => void (process.stdout.isTTY && process.stdout.write(`\r\u001b[K${line}\r`)),
    },
    env: { ...serviceEnv(isolation, servers), LOG_LEVEL: 'error' },
    async writeLives(firstId, count) {
      for (let first = firstId; first < firstId + count; first += tasksPerWrite) {
        const ids = Array.from({ length: Math.min(tasksPerWrite, firstId + count - first) }, (_, i) => first + i);
        await log.write(ids.flatMap((id) => lifeOfTask(id)));
      }
    },
    async close() {
      await log.close();
      await db.dropDatabase();
      await client.close();
    },
  };
}
