/** The host of a request or of an origin: a name or an address, in lower case, and the port where one is written. */
interface Host {
  /** Without the trailing dot of an absolute name; an IPv6 address is in brackets. */
  readonly name: string;
  readonly port: string | undefined;
}

const hostPattern = /^(\[[\da-f:.]{2,45}\]|[^\s:/?#@[\]\\,]{1,255}?)\.?(?::(\d{1,5}))?$/i;
const originPattern = /^(https?):\/\/([^/?#]+)$/;
const ipv4Pattern = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * Parses a Host header.
 * @returns undefined where it is not a host with an optional port
 */
export function parseHost(text: string): Host | undefined {
  const match = hostPattern.exec(text);
  return match === null ? undefined : { name: match[1]!.toLowerCase(), port: match[2] };
}

/**
 * Makes the check of the Host header for a gateway without API keys. It stops DNS rebinding: a page of evil.example whose
 * name resolves to this machine is of the same origin for the browser, but its requests have Host: evil.example. Rebinding
 * needs a name, so addresses pass, and so do the names that are loopback by definition (RFC 6761).
 * @param allowedHosts further names, without ports
 */
export function createHostCheck(allowedHosts: readonly string[]): (host: string) => boolean {
  const allowed = new Set(allowedHosts.map((host) => parseHost(host)?.name ?? host));
  return (text) => {
    const name = parseHost(text)?.name;
    return name !== undefined && (isLoopbackName(name) || isAddress(name) || allowed.has(name));
  };
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

/** Browsers treat a name whose last label is a number as an IPv4 address, so such a name is never resolved. */
function isAddress(name: string): boolean {
  return name.startsWith('[') || ipv4Pattern.test(name);
}

/** The headers by which a browser says where a request comes from. */
interface RequestOrigin {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
}

/**
 * Makes the check of the origin of a request that may change something. It stops cross-site request forgery.
 * @param allowedOrigins as browsers send them; `*`: all
 * @returns for a request from a page of another origin the header that says so; else undefined
 */
export function createOriginCheck(
  allowedOrigins: readonly string[],
): (request: RequestOrigin) => 'Origin' | 'Sec-Fetch-Site' | undefined {
  const allowed = new Set(allowedOrigins);
  const allowsAll = allowed.has('*');
  return ({ host, origin, secFetchSite }) => {
    if (allowsAll || (origin !== undefined && allowed.has(origin))) return undefined;
    if (origin !== undefined && !isOriginOf(origin, host ?? '')) return 'Origin';
    return secFetchSite === 'cross-site' ? 'Sec-Fetch-Site' : undefined;
  };
}

/**
 * Whether a page of this origin was served by this host. The scheme is not compared, because TLS may end at a proxy: a host
 * without a port has the default port of the origin's scheme.
 */
function isOriginOf(origin: string, host: string): boolean {
  const [, scheme = '', authority = ''] = originPattern.exec(origin) ?? [];
  const page = parseHost(authority);
  const served = parseHost(host);
  if (page === undefined || served === undefined || page.name !== served.name) return false;
  const defaultPort = defaultPorts[scheme];
  return (page.port ?? defaultPort) === (served.port ?? defaultPort);
}

/** Whether only programs of the same machine reach a server that listens on this host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
