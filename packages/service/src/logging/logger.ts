import { pino, type DestinationStream, type Logger, type LevelWithSilent } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { hideSecretFields } from './hide-secret-fields.ts';
import { hideUrlCredentials } from './hide-url-credentials.ts';
import { serialiseError } from './serialise-error.ts';
import { writeByTurn } from './write-by-turn.ts';
import { productVersion } from '../version.ts';

export type { Logger };

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
