import { logLevel, type LogEntry } from 'kafkajs';

type LogMethod = {
  (bindings: object, message?: string): void;
  (message: string): void;
};

/** What this package writes its log to: the shape of a pino logger, so that it depends on none. */
export interface Logger {
  trace: LogMethod;
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  child(bindings: Record<string, unknown>): Logger;
}

/**
 * Passes kafkajs's own log lines on. kafkajs calls everything an error that it is about to retry; what finally failed
 * is logged by the code that knows what it means, so its errors become warnings and its news become debug lines.
 * @param quiet its errors become debug lines too
 */
export function kafkajsLogCreator(logger: Logger, quiet: boolean): () => (entry: LogEntry) => void {
  const log = logger.child({ library: 'kafkajs' });
  return () =>
    ({ namespace, level, log: { message, ...details } }) => {
      const isTrouble = level === logLevel.ERROR || level === logLevel.WARN;
      log[isTrouble && !quiet ? 'warn' : 'debug']({ namespace, ...withoutOwn(details) }, message);
    };
}

/** What kafkajs adds to every line and our logger has itself. */
const ownDetails = new Set(['timestamp', 'logger', 'stack']);

function withoutOwn(details: object): object {
  return Object.fromEntries(Object.entries(details).filter(([name]) => !ownDetails.has(name)));
}
