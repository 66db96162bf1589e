import { pino, type DestinationStream, type LevelWithSilent, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import project from '../../../../package.json' with { type: 'json' };
import { hideSecretFields, hideUrlCredentials } from './hide-secrets.rules.ts';
import { serialiseError } from './errors.ts';

export type { Logger };

/** Version of the product, for logs, documents and the user agent. The image has package.json as well. */
export const productVersion = project.version;

/** 'auto' is pretty on a terminal and JSON elsewhere. */
export type LogFormat = 'auto' | 'json' | 'pretty';

/**
 * The service's logger: JSON lines with level, time (ISO 8601), service and version; pretty on a terminal.
 * Fields that are named like a secret, and credentials in URLs anywhere in a line, are replaced.
 * The lines of a turn of the event loop are written as one, synchronously: none is lost when the process exits.
 */
export function createLogger(options: {
  service: string;
  level?: LevelWithSilent;
  format?: LogFormat;
  version?: string;
  /** Where lines go; standard output unless given. */
  destination?: DestinationStream;
}): Logger {
  const { service, level = 'info', format = 'auto', version = productVersion } = options;
  const destination = options.destination ?? writeByTurn(pino.destination({ fd: process.stdout.fd, sync: true }));
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  const logger = pino(
    {
      level,
      base: { service, version },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: hideSecretFields },
      serializers: { err: serialise, error: serialise },
      hooks: { streamWrite: hideUrlCredentials },
    },
    isPretty ? prettyStream(destination) : destination,
  );
  hideSecretsOfChildren(logger);
  return logger;
}

/** pino has no formatter for the bindings of a child. Children inherit this from their parent, theirs as well. */
function hideSecretsOfChildren(logger: Logger): void {
  const { child } = logger;
  logger.child = function hiding(this: Logger, bindings, options) {
    return child.call(this, hideSecretFields(bindings), options);
  } as Logger['child'];
}

/** What is no error is taken as it is, by its fields. */
const serialise = (error: unknown) => {
  const serialised = serialiseError(error);
  return typeof serialised === 'object' && serialised !== null ? hideSecretFields(serialised) : serialised;
};

/** pino-pretty's own stream is a chain of asynchronous ones and loses lines at exit: only its formatting is used. */
function prettyStream(destination: DestinationStream): DestinationStream {
  const format = prettyFactory({
    ignore: 'service,version',
    messageFormat: '{service}{if msg}: {msg}{end}',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { ...destination, write: (line) => destination.write(format(line)) };
}

/** What gathers beyond this is written at once. */
const maxGatheredChars = 65_536;

/** Of all that gather in this process, for its end. */
const flushes = new Set<() => void>();
process.on('exit', () => {
  for (const flush of flushes) flush();
});

/**
 * Gathers the lines of one turn of the event loop and writes them as one: on a busy service a write for each line costs
 * as much as the line. Nothing is lost when the process exits; SIGKILL can take the lines of the turn that it ends.
 * @param destination writes at once
 */
export function writeByTurn(destination: DestinationStream): DestinationStream & { flushSync(): void } {
  let gathered = '';
  let isDue = false;

  function flushSync(): void {
    isDue = false;
    if (gathered === '') return;
    const lines = gathered;
    gathered = '';
    destination.write(lines);
  }

  flushes.add(flushSync);
  return {
    write(line) {
      gathered += line;
      if (gathered.length > maxGatheredChars) flushSync();
      else if (!isDue) {
        isDue = true;
        setImmediate(flushSync);
      }
    },
    // pino calls it after a fatal line.
    flushSync,
  };
}
