import { readFileSync } from 'node:fs';
import { nodeFault } from './node-fault.ts';

// The first module of this package: a service on a Node that is too old prints the version that it needs, before an import fails.
const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
const fault = nodeFault(process.versions.node, (JSON.parse(manifest) as { engines: { node: string } }).engines.node);
if (fault !== undefined) {
  console.error(fault);
  process.exit(1);
}
