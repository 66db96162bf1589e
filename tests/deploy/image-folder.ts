import { execFileSync } from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { readDockerfile, type ImageRecipe } from './dockerfile.ts';

const root = join(import.meta.dirname, '..', '..');

/** The files that an image would have in its working folder, outside a container. */
export interface ImageFolder {
  readonly folder: string;
  readonly recipe: ImageRecipe;
  remove(): void;
}

/**
 * Does what the Dockerfile does: copies what .dockerignore lets through, and installs the production dependencies. These
 * are not downloaded again but taken from node_modules, those that `npm ls --omit=dev` names.
 */
export function makeImageFolder(): ImageFolder {
  const folder = mkdtempSync(join(tmpdir(), 'nask-image-'));
  const recipe = readDockerfile(join(root, 'Dockerfile'));
  const ignored = dockerignore.default().add(readFileSync(join(root, '.dockerignore'), 'utf8'));
  const isSent = (file: string) => {
    const path = relative(root, file).split(sep).join('/');
    // A folder is gone into when something in it may be let through.
    return path === '' || lstatSync(file).isDirectory() ? !path.endsWith('node_modules') : !ignored.ignores(path);
  };
  for (const { sources, target } of recipe.copies)
    for (const source of sources) {
      const to = target.endsWith('/') ? join(folder, target, source) : join(folder, target);
      cpSync(join(root, source), to, { recursive: true, filter: isSent });
    }
  for (const path of productionPackages()) {
    const target = join(folder, relative(root, path));
    mkdirSync(dirname(target), { recursive: true });
    if (lstatSync(path).isSymbolicLink()) symlinkSync(readlinkSync(path), target);
    // Packages inside it are in the list themselves.
    else cpSync(path, target, { recursive: true, filter: (file) => !file.slice(path.length).includes('node_modules') });
  }
  return { folder, recipe, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function productionPackages(): string[] {
  const npm = ['ls', '--omit=dev', '--all', '--parseable'];
  // It exits with 1 for optional packages of other platforms, and has listed the rest.
  const output = execFileSync('npm', npm, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const installed = output.split('\n').filter((path) => path.includes('/node_modules/'));
  // npm names a workspace by its own folder; node finds it by the link.
  const links = join(root, 'node_modules', '@nask');
  const workspaces = readdirSync(links).map((name) => join(links, name));
  return [...new Set([...installed, ...workspaces])];
}
