import { pino, type DestinationStream, type Logger, type LevelWithSilent } from 'pino';
import { prettyFactory } from 'pino-pretty';
import projectManifest from '../../../../package.json' with { type: 'json' };
import { hideUrlCredentials } from './hide-url-credentials.ts';
import { serialiseError } from './serialise-error.ts';

export type { Logger };

/** 'auto' is pretty on a terminal and JSON elsewhere. */
export type LogFormat = 'auto' | 'json' | 'pretty';

const secretFields = [
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'apiKey',
  'apiKeys',
  'api_key',
  'password',
  'passphrase',
  'secret',
  'secrets',
  'token',
  'accessToken',
  'access_token',
  'clientSecret',
  'client_secret',
  'webhookSecret',
  'webhookSecrets',
  'webhook_secret',
  'webhook-signature',
];
/** Deep enough for { request: { headers: { authorization } } } with one object around it. */
const redactedDepths = ['', '*', '*.*', '*.*.*'];

/**
 * The service's logger: JSON lines with level, time (ISO 8601), service and version; pretty on a terminal.
 * Fields that are named like a secret, and credentials in URLs anywhere in a line, are replaced.
 * Writing is synchronous, so no line is lost when the process exits.
 */
export function createLogger(options: {
  service: string;
  level?: LevelWithSilent;
  format?: LogFormat;
  version?: string;
  /** Where lines go; standard output unless given. */
  destination?: DestinationStream;
}): Logger {
  const { service, level = 'info', format = 'auto', version = projectManifest.version } = options;
  const destination = options.destination ?? pino.destination({ fd: process.stdout.fd, sync: true });
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  return pino(
    {
      level,
      base: { service, version },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serialise, error: serialise },
      redact: { paths: secretFields.flatMap(redactedPaths), censor: '[redacted]' },
      hooks: { streamWrite: hideUrlCredentials },
    },
    isPretty ? prettyStream(destination) : destination,
  );
}

const serialise = (error: unknown) => serialiseError(error);

function redactedPaths(field: string): string[] {
  return redactedDepths.map((depth) => `${depth}["${field}"]`);
}

/** pino-pretty's own stream is a chain of asynchronous ones and loses lines at exit: only its formatting is used. */
function prettyStream(destination: DestinationStream): DestinationStream {
  const format = prettyFactory({
    ignore: 'service,version',
    messageFormat: '{service}{if msg}: {msg}{end}',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (line) => destination.write(format(line)) };
}
