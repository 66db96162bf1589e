/**
 * Entry point of every npm script, on the Node of the machine. Uses only syntax that an old Node can parse, so that such a
 * Node prints which version is needed.
 * Usage: node local/bootstrap.mjs SCRIPT.ts [arguments]
 */
const needed = 20;
const found = process.versions.node;

if (Number(found.split('.')[0]) < needed) {
  console.error(`This is Node ${found}; Node ${needed} or newer is needed (the project then brings its own Node 24).`);
  console.error('Get it from https://nodejs.org, or with your version manager.');
  process.exit(1);
}
void import('./install-and-run.mjs');
