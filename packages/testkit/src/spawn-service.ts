import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  contractProgram,
  createServiceProcess,
  freePort,
  runCommand,
  statFields,
  type ManagedProcess,
  type ProcessExit,
  type ServiceName,
} from '@nask/dev-stack';
import { temporaryFolders, testServers, type Isolation, type TestServers } from './servers.ts';

/** A service that a test runs as a process. */
export interface ServiceUnderTest extends Pick<
  ManagedProcess,
  'name' | 'pid' | 'start' | 'stop' | 'kill' | 'signal' | 'logFile'
> {
  /** Root of its operations server: /healthz, /readyz, /metrics. */
  readonly opsUrl: string;
  /** Root of its API: the gateway's. */
  readonly url: string;
  /** How the process that runs now ends. */
  exit(): Promise<ProcessExit>;
  /** All it has logged. */
  log(): string;
  /** Stops it for good and deletes its log. Belongs in an afterAll; when the test's process dies it is done as well. */
  close(): Promise<void>;
}

/** The variables that connect a service to the servers of a test, under its names. */
export function serviceEnv(isolation: Isolation, servers: TestServers = testServers()): Record<string, string> {
  return {
    KAFKA_BROKERS: servers.brokers.join(','),
    SCHEMA_REGISTRY_URL: servers.registryUrl,
    MONGODB_URL: servers.mongoUrl,
    MONGODB_DATABASE: isolation.database,
    TOPIC_PREFIX: isolation.topicPrefix,
    LOG_FORMAT: 'json',
  };
}

/**
 * Creates the topics and registers the schemas by the program that production runs.
 * @param env see serviceEnv
 * @param project the folder of another version
 * @returns what it prints: what it changed
 */
export function runContract(env: Record<string, string>, project?: string): Promise<string> {
  return runCommand(process.execPath, [contractProgram(project)], { env });
}

/**
 * Starts a service as production does, `node services/NAME/src/main.ts`, and waits until it is ready. OPS_PORT and PORT
 * are free ports unless `env` sets them; they stay the same when it is started again.
 * @param env its settings; see serviceEnv
 * @param options.project the folder of another version
 * @throws ProcessStartError with the end of its log
 */
export async function spawnService(
  name: ServiceName,
  env: Record<string, string>,
  options: { startTimeoutMs?: number; project?: string } = {},
): Promise<ServiceUnderTest> {
  const temporary = await temporaryFolders();
  const ports = { OPS_PORT: String(await freePort()), PORT: String(await freePort()) };
  const settings = { ...ports, ...env };
  const service = createServiceProcess({ name, env: settings, folders: temporary.folders, ...options });
  const exits = new Set<(exit: ProcessExit) => void>();
  service.onExit((exit) => {
    for (const resolve of exits) resolve(exit);
    exits.clear();
  });
  const close = async () => {
    await service.stop();
    await temporary.close();
  };
  try {
    await service.start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...service,
    opsUrl: `http://127.0.0.1:${settings.OPS_PORT}`,
    url: `http://127.0.0.1:${settings.PORT}`,
    exit: () => new Promise((resolve) => exits.add(resolve)),
    log: () => readFileSync(service.logFile, 'utf8'),
    close,
  };
}

/**
 * Suspends a process (SIGSTOP) until it gets SIGCONT. Resolved once all of its threads stand still: on a busy machine a
 * server still answers for a while after the signal was sent. Linux only, as the tests that need it.
 */
export async function suspendProcess(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error('the process that is to be suspended does not run');
  process.kill(pid, 'SIGSTOP');
  while (!threadStates(pid).every((state) => state === 'T')) await delay(1);
}

/** Those of the threads that have not ended meanwhile. */
function threadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => statFields(`${pid}/task/${thread}`)?.[0] ?? []);
}
