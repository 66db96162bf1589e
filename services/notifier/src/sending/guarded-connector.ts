import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.rules.ts';
import type { HostResolver } from './host-resolver.ts';

/** A host has an address that the policy does not allow: no connection was made. */
export class AddressForbiddenError extends Error {
  readonly code = 'ADDRESS_FORBIDDEN';
  /** The kind of network the address is in, e.g. `loopback`. */
  readonly network: string;

  constructor(host: string, address: string, network: string) {
    super(`${host} has the address ${address}, which is not allowed (${network})`);
    this.name = 'AddressForbiddenError';
    this.network = network;
  }
}

/**
 * Opens connections for undici, to allowed addresses only. The host is resolved once for a connection; one forbidden
 * address among its addresses forbids the host; the socket connects to the addresses that were checked and to no
 * others, so an answer that changes between two look-ups changes nothing. TLS still verifies the host's name.
 */
export function createGuardedConnector(options: {
  policy: AddressPolicy;
  resolve: HostResolver;
  /** From the look-up of the name to the end of the TLS handshake. */
  connectTimeoutMs: number;
}): buildConnector.connector {
  const { policy, resolve, connectTimeoutMs } = options;

  const check = (host: string, address: string): void => {
    const verdict = policy.check(address);
    if (!verdict.allowed) throw new AddressForbiddenError(host, address, verdict.network);
  };

  const checkedAddresses = callbackify(async (host: string) => {
    const addresses = await resolve(host);
    for (const { address } of addresses) check(host, address);
    return addresses;
  });
  // With autoSelectFamily, Node asks for all addresses and tries one after the other.
  const lookup: LookupFunction = (host, _options, callback) => checkedAddresses(host, callback);
  const connect = buildConnector({ timeout: connectTimeoutMs, lookup, autoSelectFamily: true });

  return (target, callback) => {
    try {
      // Node looks no literal address up, so `lookup` never sees one.
      if (isIP(target.hostname) !== 0) check(target.hostname, target.hostname);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    connect(target, callback);
  };
}
