import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath, runCommand } from '@nask/dev-stack';

type Environment = Record<string, string | undefined>;

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Installs Debian's package. Only one process of the machine does: a second one waits and finds the program. Packages
 * that are only recommended (sandbox, desktop parts) are left out.
 */
const installScript = `
  command -v chromium >/dev/null && exit
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends -o DPkg::Lock::Timeout=300 chromium
`;

/** What the machine allows: for the tests of chromiumProgram. */
interface Machine {
  env?: Environment;
  isRoot?: boolean;
}

/**
 * The browser of the tests: CHROMIUM, else a Chromium or Chrome on the PATH, else Debian's chromium, which is installed
 * when this user is root and has apt-get.
 * @returns path of the program
 * @throws Error that says what to install, when there is none and none can be installed
 */
export async function chromiumProgram({
  env = process.env,
  isRoot = process.getuid?.() === 0,
}: Machine = {}): Promise<string> {
  const given = env.CHROMIUM;
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROMIUM is ${given}, which does not exist.`);
    return given;
  }
  const found = findBrowser(env);
  if (found !== undefined) return found;
  let failure: unknown;
  if (isRoot && findOnPath('apt-get', env) !== undefined) {
    const lock = join(tmpdir(), 'nask-chromium.lock');
    await runCommand('flock', [lock, 'sh', '-ec', installScript], {
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    }).catch((error: unknown) => (failure = error));
  }
  const installed = findBrowser(env);
  if (installed === undefined)
    throw new Error(
      'The browser tests need Chromium or Google Chrome: install one (Debian: apt-get install chromium), or set CHROMIUM to the path of its program.' +
        (failure === undefined ? '' : `\n${(failure as Error).message}`),
      { cause: failure },
    );
  return installed;
}

function findBrowser(env: Environment): string | undefined {
  return programs.map((name) => findOnPath(name, env)).find((path) => path !== undefined);
}
