import { isPortFree } from './stack/ports.ts';

/** Ports that others have, with the settings that choose other ones. */
export class PortsInUseError extends Error {
  readonly code = 'PORTS_IN_USE';
  constructor(taken: readonly WantedPort[]) {
    const lines = taken.map(
      ({ port, what, variable }) => `  - ${port}, wanted for ${what}: set ${variable} to another`,
    );
    super(`Nothing was started, because these ports on 127.0.0.1 are in use:\n${lines.join('\n')}`);
    this.name = 'PortsInUseError';
  }
}

export interface WantedPort {
  readonly port: number;
  readonly what: string;
  /** The setting it comes from. */
  readonly variable: string;
}

/** @throws PortsInUseError naming all that are taken, or wanted twice */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const free = await Promise.all(wanted.map(({ port }) => isPortFree(port)));
  const taken = wanted.filter(
    ({ port }, index) => !free[index] || wanted.findIndex((other) => other.port === port) < index,
  );
  if (taken.length > 0) throw new PortsInUseError(taken);
}
