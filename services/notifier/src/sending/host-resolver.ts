import { lookup as systemLookup, Resolver } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';

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
 * is nobody's on the Internet and goes to the system at once.
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
