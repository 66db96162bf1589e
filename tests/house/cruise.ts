import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** What dependency-cruiser says about a project, by the rules of this one. */
export interface CruiseResult {
  /** The names of the rules. */
  readonly rules: string[];
  readonly violations: { rule: string; from: string; to: string }[];
  /** For each module, those that it imports. */
  readonly imports: Map<string, string[]>;
}

/** Runs it on the folders that `npm run lint` gives it. */
export function cruise(folder: string): CruiseResult {
  const program = join(root, 'node_modules', '.bin', 'depcruise');
  const args = ['--config', join(root, '.dependency-cruiser.mjs'), '--output-type', 'json'];
  const { stdout, stderr } = spawnSync(program, [...args, 'schemas', 'packages', 'services', 'local'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!stdout) throw new Error(`dependency-cruiser said nothing but: ${stderr}`);
  const { modules, summary } = JSON.parse(stdout) as {
    modules: { source: string; dependencies: { resolved: string }[] }[];
    summary: {
      violations: { rule: { name: string }; from: string; to: string }[];
      ruleSetUsed: { forbidden: { name: string }[] };
    };
  };
  return {
    rules: summary.ruleSetUsed.forbidden.map(({ name }) => name),
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
    imports: new Map(modules.map(({ source, dependencies }) => [source, dependencies.map(({ resolved }) => resolved)])),
  };
}

const services = ['gateway', 'executor', 'notifier', 'projector'].map((name) => `services/${name}/src`);
/** Imported by name: each has an index. */
const packages = ['async', 'kafka', 'service', 'task-log'];
const places = [
  ...services,
  ...packages.map((name) => `packages/${name}/src`),
  'packages/testkit/src',
  'packages/dev-stack/src',
];

const libraries = ['kafkajs', '@kafkajs/registry', 'koa'];

/**
 * A project of the same shape as this one, with the given files and an innocent one in each place.
 * @param files each file and what it imports ('type PATH' for a type)
 */
export function makeProject(files: (readonly [file: string, imported: string])[]): {
  folder: string;
  remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'nask-boundaries-'));
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  cpSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  write(
    'package.json',
    JSON.stringify({ type: 'module', dependencies: Object.fromEntries(libraries.map((name) => [name, '1.0.0'])) }),
  );
  for (const name of libraries) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, '');
  }
  const innocent = 'export type Innocent = true;\n';
  for (const place of [...places, 'schemas', 'local']) write(`${place}/innocent.ts`, innocent);
  for (const name of packages) write(`packages/${name}/src/index.ts`, innocent);
  for (const [file, imported] of files) write(file, importOf(imported));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function importOf(imported: string): string {
  const type = /^type (.*)/.exec(imported)?.[1];
  return type
    ? `import type { Innocent } from '${type}';\nexport type Guilty = Innocent;\n`
    : `import '${imported}';\n`;
}
