import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative, resolve, sep } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { readDockerfile, type Stage } from './dockerfile.ts';

const root = join(import.meta.dirname, '..', '..');

/** The files of an image outside a container. */
export interface ImageFolder {
  /** The working folder of the image. */
  readonly folder: string;
  /** The last stage of its Dockerfile. */
  readonly stage: Stage;
  remove(): void;
}

/**
 * Builds the image's files as the Dockerfile says and in no other way: each stage is a folder that stands for its root, COPY
 * takes what .dockerignore lets through or what is in the folder of an earlier stage, RUN is run.
 */
export function makeImageFolder(): ImageFolder {
  const place = mkdtempSync(join(tmpdir(), 'nask-image-'));
  const remove = () => rmSync(place, { recursive: true, force: true });
  const roots = new Map<string, string>();
  try {
    const stages = readDockerfile(join(root, 'Dockerfile'));
    for (const [i, stage] of stages.entries()) {
      const stageRoot = join(place, String(i));
      roots.set(stage.name ?? String(i), stageRoot);
      buildStage(stage, stageRoot, roots);
    }
    const stage = stages.at(-1)!;
    return { folder: join(place, String(stages.length - 1), stage.folder), stage, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** @param roots of the stages so far, by name */
function buildStage(stage: Stage, stageRoot: string, roots: ReadonlyMap<string, string>): void {
  const folder = join(stageRoot, stage.folder);
  mkdirSync(folder, { recursive: true });
  for (const step of stage.steps) {
    if (step.kind === 'run') {
      run(step.command, folder);
      continue;
    }
    const { from, sources, target } = step;
    const isFolder = target.endsWith('/') || target === '.';
    const to = join(stageRoot, resolve(stage.folder, target));
    if (from !== undefined && !roots.has(from)) throw new Error(`there is no stage ${from}`);
    for (const source of sources) {
      const path = from === undefined ? join(root, source) : join(roots.get(from)!, resolve('/', source));
      // Of a folder its contents are copied; of a file the file.
      const place = isFolder && !lstatSync(path).isDirectory() ? join(to, basename(source)) : to;
      cpSync(path, place, {
        recursive: true,
        verbatimSymlinks: true,
        ...(from === undefined ? { filter: isSent } : {}),
      });
    }
  }
}

const ignored = dockerignore.default().add(readFileSync(join(root, '.dockerignore'), 'utf8'));

/** Whether the build context has it. A folder is entered where something in it may be sent. */
function isSent(file: string): boolean {
  const path = relative(root, file).split(sep).join('/');
  return lstatSync(file).isDirectory() ? !path.endsWith('node_modules') : !ignored.ignores(path);
}

/** With the Node of this process, and with npm's cache where it has what is asked for. */
function run(command: string, folder: string): void {
  execFileSync('/bin/sh', ['-c', command], {
    cwd: folder,
    stdio: 'pipe',
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
      npm_config_prefer_offline: 'true',
    },
  });
}
