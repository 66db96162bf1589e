/**
 * `npm run bench -- NAME`: runs one benchmark on real servers, its own ones unless TEST_KAFKA_BROKERS (and, where it
 * needs them, TEST_SCHEMA_REGISTRY_URL and TEST_MONGODB_URL) say otherwise. README.md says how to read the figures.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { availableParallelism, loadavg } from 'node:os';

/** Resolves to whether what it measured is as it must be. */
type Bench = () => Promise<boolean>;

const benches: Record<string, () => Promise<Bench>> = {
  cluster: async () => (await import('./cluster.ts')).benchCluster,
  consumer: async () => (await import('./consumer.ts')).benchConsumer,
  'executor-chaos': async () => (await import('./executor-chaos.ts')).benchExecutorChaos,
  idle: async () => (await import('./idle.ts')).benchIdle,
  'long-head': async () => (await import('./long-head.ts')).benchLongHead,
};

/** Programs of their own, which take arguments. */
const programs = [
  'broker',
  'gateway',
  'gateway-memory',
  'gateway-waiters',
  'notifier',
  'notifier-chaos',
  'notifier-receivers',
  'projector',
  'projector-chaos',
  'rebuild',
];

const [name = '', ...args] = process.argv.slice(2);
const load = benches[name];
if (programs.includes(name)) {
  const program = join(import.meta.dirname, `${name}.ts`);
  process.exitCode = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' }).status ?? 1;
} else if (load === undefined) {
  console.error(`Usage: npm run bench -- ${[...Object.keys(benches), ...programs].join('|')}`);
  process.exitCode = 2;
} else {
  const [oneMinute = 0] = loadavg();
  console.log(`${name}: ${availableParallelism()} cores, load ${oneMinute.toFixed(1)} before it began`);
  const bench = await load();
  process.exitCode = (await bench()) ? 0 : 1;
}
