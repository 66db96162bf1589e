/**
 * Whether a text is an absolute URL with a host and one of the protocols ('https:').
 * Node's own URL refuses the lists of hosts in MongoDB's connection strings, so each host is checked for itself.
 */
export function isUrl(text: string, options: { protocols: string[]; severalHosts: boolean }): boolean {
  const parts = /^(?<protocol>[a-z][a-z0-9+.-]*:)\/\/(?<authority>[^/?#]*)/i.exec(text)?.groups;
  if (!parts || /\s/.test(text)) return false;
  const { protocol = '', authority = '' } = parts;
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  return (
    options.protocols.includes(protocol.toLowerCase()) &&
    (hosts.length === 1 || options.severalHosts) &&
    hosts.every((host) => URL.canParse(`http://${host}`))
  );
}
