import { join } from 'node:path';
import { cacheFolder, findPython, installOnce, required, runCommand } from '@nask/dev-stack';

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
