/**
 * The first thing every npm script runs, on whatever Node the machine has: it installs the dependencies when they are
 * missing or not those of the lock file and the patches, then hands over to the pinned Node 24 of this project.
 * Usage: node local/bootstrap.mjs SCRIPT.ts [arguments]
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.nask-installed');
const lock = join(root, '.local', 'installing.pid');
const isWindows = process.platform === 'win32';

/** What is installed, and what should be: the stamp has the hash of the lock file and the patches it was installed from. */
function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourcesHash();
}

function sourcesHash() {
  const patches = join(root, 'patches');
  const files = [join(root, 'package-lock.json'), ...readdirSync(patches).map((name) => join(patches, name))];
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/** Whether this process may install; false when another one does, which is then waited for. */
function lockInstall() {
  mkdirSync(dirname(lock), { recursive: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    console.error('Another process installs the dependencies: waiting for it …');
    while (isHeld()) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
    rmSync(lock, { force: true });
    return false;
  }
}

function isHeld() {
  try {
    // An empty file is just being written; signal 0 to number 0 asks for our own process group, which is alive.
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

/** @returns npm's exit code */
function install() {
  console.error('Installing the dependencies (npm ci) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: isWindows,
  });
  if (status === 0) writeFileSync(stamp, sourcesHash());
  else console.error('npm ci failed: see its message above. It needs a package registry and about 400 MB of disk.');
  return status ?? 1;
}

while (!isInstalled()) {
  if (!lockInstall()) continue;
  const exitCode = install();
  rmSync(lock, { force: true });
  if (exitCode !== 0) process.exit(exitCode);
}

const bin = join(root, 'node_modules', '.bin');
const [script, ...args] = process.argv.slice(2);
const node = join(bin, isWindows ? 'node.cmd' : 'node');
const child = spawn(node, [join(root, script), ...args], {
  // Over the fourth, the child sees it when this process is gone.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: {
    ...process.env,
    PATH: `${bin}${isWindows ? ';' : ':'}${process.env.PATH}`,
    // Node keeps what it compiled, types stripped, for the next start of this process and of those that it starts.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'node-compile'),
  },
});
// The child decides when to end: a signal for the group reaches it too, one for this process alone is passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
