import { hideUrlCredentials } from '@nask/service';
import type { ServerFolders } from './stack/server.ts';
import type { LocalServiceName } from './stack/service-process.ts';
import type { LocalSystem } from './system.ts';

/** What is where, and what to try first: printed once the system serves. */
export function welcome(options: {
  system: Pick<LocalSystem, 'apiUrl' | 'stack'>;
  opsPorts: Record<LocalServiceName, number>;
  folders: ServerFolders;
}): string {
  const { system, opsPorts, folders } = options;
  const { apiUrl, stack } = system;
  const { brokers, registryUrl, mongoUrl } = stack.addresses;
  const ownOrGiven = (name: string) => stack.servers.find((server) => server.name === name)?.product ?? 'given';
  const services = Object.entries(opsPorts).map(([name, port]) =>
    row(name, `http://127.0.0.1:${port}/readyz, /metrics`),
  );
  return [
    '',
    'The system is up.',
    '',
    row('API', `${apiUrl}/api/tasks`),
    row('Kafka', `${brokers.join(',')}  (${ownOrGiven('kafka')})`),
    row('registry', `${registryUrl}  (${ownOrGiven('registry')})`),
    row('store', `${hideUrlCredentials(mongoUrl)}  (${ownOrGiven('store')})`),
    ...services,
    row('logs', `${folders.logs}/`),
    row('data', `${folders.data}/  (kept when the system stops)`),
    '',
    'Try it:',
    '',
    `  curl -i ${apiUrl}/api/tasks -H 'Content-Type: application/json' -d '{"type":"prime","payload":{"input":100}}'`,
    `  curl ${apiUrl}/api/tasks`,
    '  npm run demo      (in another terminal: one task of each type, its events and webhooks)',
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(10)} ${value}`;
}
