import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

/** Whether a webhook may go to an address; if not, the kind of network the address is in, e.g. `loopback`. */
type AddressVerdict = { allowed: true } | { allowed: false; network: string };

export interface AddressPolicy {
  /** @param address an IPv4 or IPv6 address in its usual notation; anything else is refused as `not-an-address` */
  check(address: string): AddressVerdict;
}

/** An entry of the allow-list is not a network in CIDR notation. */
export class InvalidNetworkError extends Error {
  readonly code = 'INVALID_NETWORK';

  constructor(network: string) {
    super(`${JSON.stringify(network)} is not a network in CIDR notation, such as 10.1.0.0/16 or fd00:1::/32`);
    this.name = 'InvalidNetworkError';
  }
}

/**
 * Only addresses of the public Internet are allowed, and the networks that the allow-list names.
 *
 * Public is what IANA's special-purpose address registries (RFC 6890 and its updates) leave over: not loopback, private,
 * link-local, shared (CGNAT), multicast, documentation, benchmarking or reserved, and in IPv6 nothing outside 2000::/3.
 * An IPv6 address that carries an IPv4 address (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP) is
 * refused whatever it carries: a translator on the way could lead it anywhere. The allow-list is compared with an
 * address as it stands: 10.0.0.0/8 does not allow ::ffff:10.0.0.1.
 * @throws InvalidNetworkError
 */
export function createAddressPolicy(allowedNetworks: readonly string[]): AddressPolicy {
  const allowed = allowedNetworks.map(parseNetwork);
  return {
    check(text) {
      if (!isAddress(text)) return { allowed: false, network: 'not-an-address' };
      const address = ipaddr.parse(text);
      if (allowed.some((network) => contains(network, address))) return { allowed: true };
      const network = specialNetworkOf(address);
      return network === undefined ? { allowed: true } : { allowed: false, network };
    },
  };
}

/** What ipaddr.js takes for unicast and is not public, or not a place for a webhook. */
const moreSpecialNetworks: readonly (readonly [string, Network])[] = [
  // Azure's host agent ("wire server"): metadata and credentials of the machine, on an address that looks public.
  ['metadata', parseNetwork('168.63.129.16/32')],
];

const globalUnicast = parseNetwork('2000::/3');

function specialNetworkOf(address: Address): string | undefined {
  const range: string = address.range();
  if (range !== 'unicast') return range;
  const more = moreSpecialNetworks.find(([, network]) => contains(network, address));
  if (more !== undefined) return more[0];
  if (address.kind() === 'ipv4') return undefined;
  if (!contains(globalUnicast, address)) return 'not-global-unicast';
  return isIsatap(address as ipaddr.IPv6) ? 'isatap' : undefined;
}

/** RFC 5214: the interface identifier is 0000:5efe or 0200:5efe and an IPv4 address, behind any prefix. */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return (parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe;
}

/** Stricter than ipaddr.js, which also reads octal, hexadecimal and shortened IPv4. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

function parseNetwork(text: string): Network {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text) && !ipaddr.IPv6.isValidCIDR(text)) {
    throw new InvalidNetworkError(text);
  }
  return ipaddr.parseCIDR(text);
}

function contains([base, bits]: Network, address: Address): boolean {
  return base.kind() === address.kind() && address.match(base, bits);
}
