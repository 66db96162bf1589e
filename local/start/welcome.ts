import { hideUrlCredentials } from '@nask/service';
import type { ServerFolders, ServiceName } from '@nask/dev-stack';
import type { LocalSystem } from './system.ts';

/** What is where, and what to try first: printed once the system serves. */
export function welcome(options: {
  system: Pick<LocalSystem, 'apiUrl' | 'authorizationFile' | 'stack'>;
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
