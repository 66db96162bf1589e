/**
 * Installs the dependencies when they are missing or not those of the lock file and the patches, then hands over to the
 * pinned Node 24 of this project. Ends with the script's exit code.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.nask-installed');
const lock = join(root, '.local', 'installing.pid');

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
async function lockInstall() {
  try {
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') {
      console.error(`The dependencies cannot be installed: ${dirname(lock)} cannot be written (${error.code}).`);
      process.exit(1);
    }
    console.error('Another process installs the dependencies: waiting for it …');
    while (isHeld() && interrupted === undefined) await delay(500);
    if (interrupted !== undefined) process.exit(128 + constants.signals[interrupted]);
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
async function install() {
  console.error('Installing the dependencies (npm ci) …');
  const npm = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const exitCode = await run('npm', npm, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (exitCode === 0) writeFileSync(stamp, sourcesHash());
  else if (interrupted === undefined)
    console.error('npm ci failed: see its message above. It needs a package registry and about 400 MB of disk.');
  return exitCode;
}

/** @returns the exit code of a program, as a shell gives it */
function run(file, args, options) {
  return new Promise((resolve) => {
    child = spawn(file, args, options);
    child.once('error', (error) => {
      console.error(`${file} cannot be run: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** The program that runs now: it decides when to end. */
let child;
let interrupted;

function passOn(signal) {
  interrupted = signal;
  child?.kill(signal);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // Ctrl-C in a terminal reaches the child without us.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) passOn(signal);
    else interrupted = signal;
  });
}

// npm replaces its shell by this process (`exec` in package.json), so npm is the parent. It passes on SIGINT and SIGTERM;
// when anything else ends it, the system must not stay behind without a terminal.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    passOn('SIGHUP');
  }, 500);
  watch.unref();
}

while (!isInstalled()) {
  if (!(await lockInstall())) continue;
  const exitCode = await install();
  rmSync(lock, { force: true });
  if (exitCode !== 0) process.exit(exitCode);
}
if (interrupted !== undefined) process.exit(128 + constants.signals[interrupted]);

const bin = join(root, 'node_modules', '.bin');
const [script, ...args] = process.argv.slice(2);
const exitCode = await run(join(bin, 'node'), [join(root, script), ...args], {
  // Over the fourth, the child sees it when this process is gone.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    // Node keeps what it compiled, types stripped, for the next start of this process and of those that it starts.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'node-compile'),
  },
});
process.exit(exitCode);
