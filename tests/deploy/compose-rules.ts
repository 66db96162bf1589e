import { environmentFaults } from './programs.ts';
import type { Compose, ComposeService } from './compose.ts';

const services = ['gateway', 'executor', 'notifier', 'projector'];

/** What is wrong with the system that Compose makes: one line for each fault. */
export function composeFaults({ services: all, volumes = {} }: Compose): string[] {
  const missing = services.filter((name) => !(name in all)).map((name) => `there is no ${name}`);
  const named = Object.values(all).flatMap(({ volumes: mounts = [] }) =>
    mounts.filter(({ type }) => type === 'volume'),
  );
  const unknown = named
    .filter(({ source }) => !(source in volumes))
    .map(({ source }) => `there is no volume ${source}`);
  const ofServices = Object.entries(all).flatMap(([name, service]) => serviceFaults(name, service, all));
  return [...missing, ...unknown, ...ofServices];
}

function serviceFaults(name: string, service: ComposeService, all: Compose['services']): string[] {
  const faults: string[] = [];
  const must = (isTrue: boolean, fault: string) => void (isTrue || faults.push(`${name}: ${fault}`));
  must(/^[^:@]+:[\w.-]*\d[\w.-]*$/.test(service.image), `${service.image} is not pinned by version`);
  for (const { host_ip: address, published } of service.ports ?? [])
    must(address === '127.0.0.1', `port ${published} is open to ${address ?? 'everybody'}`);
  for (const [other, { condition }] of Object.entries(service.depends_on ?? {}))
    must(
      condition !== 'service_healthy' || all[other]?.healthcheck?.test !== undefined || isOurs(all[other]),
      `waits for the health of ${other}, which has no check`,
    );
  if (!isOurs(service)) return faults;

  const environment = new Map(Object.entries(service.environment ?? {}));
  for (const fault of environmentFaults(service.command?.[0] ?? '', environment)) must(false, fault);
  must(service.read_only === true, 'can write its root file system');
  must(service.cap_drop?.includes('ALL') === true, 'keeps capabilities');
  must(service.init === true, 'has no init');
  if (!services.includes(name)) return faults;
  must(service.depends_on?.contract?.condition === 'service_completed_successfully', 'does not wait for the contract');
  must(service.stop_grace_period === '35s', 'is killed while it may still drain');
  must(name === 'gateway' || service.ports === undefined, 'cannot be scaled: it has a port of the machine');
  return faults;
}

function isOurs(service: ComposeService | undefined): boolean {
  return service?.build !== undefined;
}
