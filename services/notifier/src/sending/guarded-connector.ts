import { lookup as systemLookup, Resolver } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.rules.ts';

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

/** All addresses of a host, at least one. Throws an error of `node:dns`, with its `code`, when there are none. */
export type HostResolver = (host: string) => Promise<LookupAddress[]>;

interface Sources {
  dns: Pick<Resolver, 'resolve4' | 'resolve6'>;
  system: (host: string, options: { all: true }) => Promise<LookupAddress[]>;
}

/**
 * Resolves host names, first by asking the DNS servers and then, for what they do not know, by the system's resolver
 * (hosts file, search domains).
 *
 * The system's resolver takes one of Node's four threads for as long as a name server likes: a few hosts with slow name
 * servers would hold up every other look-up. Asking DNS takes no thread. A name without a dot, or under `localhost`,
 * is not resolvable on the Internet and goes to the system at once.
 */
export function createHostResolver(sources: Sources = defaultSources()): HostResolver {
  const { dns, system } = sources;
  return async (host) => {
    if (isLocalName(host)) return system(host, { all: true });
    const [v4, v6] = await Promise.allSettled([dns.resolve4(host), dns.resolve6(host)]);
    const addresses = [...addressesOf(v4, 4), ...addressesOf(v6, 6)];
    if (addresses.length > 0) return addresses;
    const slow = [v4, v6].find((answer) => answer.status === 'rejected' && codeOf(answer.reason) === 'ETIMEOUT');
    if (slow?.status === 'rejected') throw slow.reason;
    return system(host, { all: true });
  };
}

function defaultSources(): Sources {
  return { dns: new Resolver({ timeout: 2000, tries: 2 }), system: systemLookup };
}

function isLocalName(host: string): boolean {
  const name = host.replace(/\.$/, '');
  return !name.includes('.') || name.endsWith('.localhost');
}

function addressesOf(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
