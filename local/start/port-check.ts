import { isPortFree } from '@nask/dev-stack';
import type { WantedPort } from '../config.ts';

/** Ports that others have, with the settings that choose other ones. */
export class PortsInUseError extends Error {
  readonly code = 'PORTS_IN_USE';
  /** @param ownPorts those where another nask-task answers */
  constructor(taken: readonly WantedPort[], ownPorts: ReadonlySet<number> = new Set()) {
    const lines = taken.map(
      ({ port, what, variable }) =>
        `  - ${port}, wanted for ${what}: set ${variable} to another${ownPorts.has(port) ? ' (another nask-task has it: npm stop in its folder ends that)' : ''}`,
    );
    super(`Nothing was started, because these ports on 127.0.0.1 are in use:\n${lines.join('\n')}`);
    this.name = 'PortsInUseError';
  }
}

/** @throws PortsInUseError naming all that are taken, or wanted twice */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const free = await Promise.all(wanted.map(({ port }) => isPortFree(port)));
  const taken = wanted.filter(
    ({ port }, index) => !free[index] || wanted.findIndex((other) => other.port === port) < index,
  );
  if (taken.length === 0) return;
  const isOwn = await Promise.all(taken.map(({ port }) => isApi(port)));
  throw new PortsInUseError(taken, new Set(taken.filter((_, index) => isOwn[index]).map(({ port }) => port)));
}

/** Whether the API of a nask-task answers on a loopback port. */
async function isApi(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(1_000);
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: 'application/json' }, signal });
    return ((await response.json()) as { name?: unknown } | null)?.name === 'nask-task';
  } catch {
    return false;
  }
}
