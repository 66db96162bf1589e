/**
 * The first thing every npm script runs, on whatever Node the machine has: it installs the dependencies when they are
 * missing or older than the lock file, then hands over to the pinned Node 24 of this project.
 * Usage: node local/bootstrap.mjs SCRIPT.ts [arguments]
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.nask-installed');
const isWindows = process.platform === 'win32';

function isInstalled() {
  return existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

if (!isInstalled()) {
  console.error('Installing the dependencies (npm ci) …');
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: isWindows,
  });
  if (install.status !== 0) {
    console.error('npm ci failed: see its message above. It needs a package registry and about 400 MB of disk.');
    process.exit(install.status ?? 1);
  }
  writeFileSync(stamp, '');
}

const bin = join(root, 'node_modules', '.bin');
const [script, ...args] = process.argv.slice(2);
const node = join(bin, isWindows ? 'node.cmd' : 'node');
const child = spawn(node, [join(root, script), ...args], {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${bin}${isWindows ? ';' : ':'}${process.env.PATH}` },
});
// The child decides when to end: a signal for the group reaches it too, one for this process alone is passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
