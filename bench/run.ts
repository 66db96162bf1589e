/**
 * `npm run bench -- NAME [ARGUMENTS]`: runs one benchmark on real servers, its own ones unless TEST_KAFKA_BROKERS (and, where
 * it needs them, TEST_SCHEMA_REGISTRY_URL and TEST_MONGODB_URL) name others. README.md says how to read the figures.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';

/** Each is a program of this folder, which ends with 1 when what it measured is not as it must be. */
const names = [
  'broker',
  'cluster',
  'consumer',
  'executor-chaos',
  'gateway',
  'gateway-memory',
  'gateway-waiters',
  'idle',
  'long-head',
  'notifier',
  'notifier-chaos',
  'notifier-receivers',
  'projector',
  'projector-chaos',
  'rebuild',
];

const [name = '', ...args] = process.argv.slice(2);
if (names.includes(name)) {
  const [oneMinute = 0] = loadavg();
  console.log(`${name}: ${availableParallelism()} cores, load ${oneMinute.toFixed(1)} before it began`);
  const program = join(import.meta.dirname, `${name}.ts`);
  process.exitCode = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' }).status ?? 1;
} else {
  console.error(`Usage: npm run bench -- ${names.join('|')}`);
  process.exitCode = 2;
}
