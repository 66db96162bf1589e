import { readFileSync } from 'node:fs';

// The first module of this package: a service on a Node that is too old prints the version that it needs, before an import fails.
const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
const fault = nodeFault(process.versions.node, (JSON.parse(manifest) as { engines: { node: string } }).engines.node);
if (fault !== undefined) {
  console.error(fault);
  process.exit(1);
}

/**
 * @param found a version, `24.16.0`
 * @param wanted `>=24.16`, as in package.json
 * @returns what is wrong with this Node, in words; undefined when it is new enough
 */
export function nodeFault(found: string, wanted: string): string | undefined {
  const minimum = wanted.replace(/^>=/, '');
  const [major = 0, minor = 0] = found.split('.').map(Number);
  const [minMajor = 0, minMinor = 0] = minimum.split('.').map(Number);
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return undefined;
  return (
    `This is Node ${found}; a service needs Node ${minimum} or newer. ` +
    'npm run service -- NAME runs it on the Node that this project brings.'
  );
}
