import type { ServerFolders, ServiceName, Stack } from '@nask/dev-stack';
import { hideUrlCredentials } from '@nask/service';

/** Tells a person what each part does just now, and since when. */
export interface Progress {
  /**
   * A part begins a step.
   * @param reminder what reminders call it, unless as the step
   * @param reason what the step waits for, asked for each reminder; undefined where that is not known
   */
  step(part: string, step: string, options?: { reminder?: string; reason?: () => string | undefined }): void;
  /** A part has nothing more to do. */
  done(part: string, outcome: string): void;
  /** No reminders from now on. */
  close(): void;
}

const reminderMs = 10_000;

/** Lines with the seconds since the start. A step that takes long is printed again every 10 s. */
export function createProgress(write: (line: string) => void): Progress {
  const startedMs = performance.now();
  const open = new Map<string, { reminder: string; sinceMs: number; reason?: () => string | undefined }>();
  const seconds = (sinceMs: number) => (performance.now() - sinceMs) / 1000;
  const line = (part: string, text: string) =>
    write(`  ${seconds(startedMs).toFixed(1).padStart(6)} s  ${part.padEnd(10)} ${text}`);
  const timer = setInterval(() => {
    for (const [part, { reminder, sinceMs, reason }] of open) {
      if (seconds(sinceMs) * 1000 < reminderMs) continue;
      const why = reason?.();
      line(part, `${reminder}, for ${Math.round(seconds(sinceMs))} s now${why ? ` (${why})` : ''}`);
    }
  }, reminderMs);

  return {
    step: (part, step, { reminder = step, reason } = {}) => {
      open.set(part, { reminder, sinceMs: performance.now(), reason });
      line(part, step);
    },
    done: (part, outcome) => {
      open.delete(part);
      line(part, outcome);
    },
    close: () => clearInterval(timer),
  };
}

/** What is where, and what to try first: printed once the system serves. */
export function welcome(options: {
  system: { apiUrl: string; authorizationFile: string | undefined; stack: Stack };
  opsPorts: Record<ServiceName, number>;
  folders: ServerFolders;
}): string {
  const { system, opsPorts, folders } = options;
  const { apiUrl, authorizationFile, stack } = system;
  const { brokers, registryUrl, mongoUrl } = stack.addresses;
  const ownOrGiven = (name: string) => stack.servers.find((server) => server.name === name)?.product ?? 'given';
  // The key is in a file: not on the screen, nor in the arguments of a process.
  const key = authorizationFile === undefined ? '' : ` -H ${inShell(`@${authorizationFile}`)}`;
  const services = Object.entries(opsPorts).map(([name, port]) =>
    row(name, `http://127.0.0.1:${port}/readyz, /metrics`),
  );
  return [
    '',
    'The system is up.',
    '',
    row('API', `${apiUrl}/api/tasks`),
    row('docs', `${apiUrl}/docs  (the API, to read and to try)`),
    row('Kafka', `${brokers.join(',')}  (${ownOrGiven('kafka')})`),
    row('registry', `${registryUrl}  (${ownOrGiven('registry')})`),
    row('store', `${hideUrlCredentials(mongoUrl)}  (${ownOrGiven('store')})`),
    ...services,
    row('logs', `${folders.logs}/`),
    row('data', `${folders.data}/  (kept when the system stops)`),
    '',
    'Try it:',
    '',
    `  curl -i ${apiUrl}/api/tasks${key} -H 'Content-Type: application/json' -d '{"type":"prime","payload":{"input":100}}'`,
    `  curl ${apiUrl}/api/tasks${key}`,
    '  npm run demo      (in another terminal: one task of each type, its events and webhooks)',
    '  npm run events    (in another terminal: the events of all tasks as they happen; of one task: npm run events 1)',
    '',
    'Ctrl-C stops everything, as does npm stop in another terminal.',
    '',
  ].join('\n');
}

/** As one word of a POSIX shell. */
function inShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(10)} ${value}`;
}
