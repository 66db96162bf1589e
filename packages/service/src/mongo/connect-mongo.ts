import { createLimitedWarning, retry } from '@nask/async';
import { MongoClient, ReadPreference, type MongoClientOptions } from 'mongodb';
import type { Logger } from '../logging/logger.ts';

/** A client of MongoDB that reads from the primary, and finds its server again by itself whenever that comes back. */
export interface MongoConnection {
  readonly client: MongoClient;
  close(): Promise<void>;
}

/** How often the driver looks at a server, and how long it waits for the answer: 3 s until it notices a change. */
const heartbeatMs = 1_000;
const answerTimeoutMs = 2_000;
/** Pause between two attempts at the first connection. */
const retryMs = 500;

/**
 * Opens a client and connects it in the background. Operations that are called before the first connection fail within
 * `serverSelectionTimeoutMS`.
 *
 * A client of mongodb 7.9 whose first connection fails keeps a closed topology, and every operation fails from then on:
 * `connect` has to be called until it succeeds. After that the driver reconnects by itself. Its monitor also cuts off
 * operations on a server that accepts requests and answers none, so that no pooled connection stays stuck.
 * @param options of the driver; they take precedence over the URL
 * @param repeatLogMs how often a failure that stays the same is logged
 */
export function connectMongo(
  url: string,
  options: MongoClientOptions & { appName: string },
  logger: Pick<Logger, 'info' | 'warn'>,
  repeatLogMs = 60_000,
): MongoConnection {
  const client = new MongoClient(url, {
    readPreference: ReadPreference.primary,
    connectTimeoutMS: answerTimeoutMs,
    heartbeatFrequencyMS: heartbeatMs,
    serverSelectionTimeoutMS: answerTimeoutMs,
    ...options,
  });
  const closing = new AbortController();

  const warn = createLimitedWarning(logger, 'cannot connect to MongoDB; trying again', { intervalMs: repeatLogMs });

  async function connect(): Promise<void> {
    let hasFailed = false;
    const onFailure = (error: unknown): number => {
      hasFailed = true;
      warn({ err: error, retryMs }, (error as Error).message);
      return retryMs;
    };
    try {
      await retry(() => client.connect(), { signal: closing.signal, onFailure });
      if (hasFailed) logger.info('connected to MongoDB');
    } catch (error) {
      if (!closing.signal.aborted) throw error;
    }
  }
  const connecting = connect();

  return {
    client,
    async close() {
      closing.abort();
      await client.close();
      // An attempt that was under way may have opened it again.
      await connecting;
      await client.close();
    },
  };
}
