import { join } from 'node:path';
import { foldersOf, opsPortsOf, wantedPorts, type LocalSettings } from './config.ts';
import { requireFreePorts } from './port-check.ts';
import type { Progress } from './progress.ts';
import { deleteRunInfo, writeRunInfo } from './run-info.ts';
import { startGuardian, type Guardian } from './stack/guardian.ts';
import { logTail } from './stack/log-file.ts';
import type { ManagedProcess } from './stack/managed-process.ts';
import { endProcesses, liveProcesses } from './stack/pid-files.ts';
import { runCommand } from './stack/run-command.ts';
import { createServiceProcess, type LocalServiceName } from './stack/service-process.ts';
import { createStack } from './stack/stack.ts';
import { supervise, type Supervisor } from './supervisor.ts';

/** The whole system on one machine: three servers, the contract, four services. */
export interface LocalSystem {
  readonly stack: ReturnType<typeof createStack>;
  readonly apiUrl: string;
  /** Resolved when the API serves. What had been started when it fails is stopped by stop. */
  start(progress: Progress, signal: AbortSignal): Promise<void>;
  /** Drains the services, then stops the servers; no process is left. */
  stop(progress: Progress): Promise<void>;
  /** Ends all processes at once. */
  killAll(): void;
}

/** Webhooks of the local system may go to this machine: that is where whoever tries it out listens. */
const loopback = '127.0.0.0/8,::1/128';

/** Of the log line that is printed when a process ends. */
const maxLogLineCharacters = 300;

const contractCli = join(import.meta.dirname, '..', 'packages', 'kafka', 'src', 'contract-cli.ts');

/** Puts the system together: nothing is started yet. */
export function createLocalSystem(settings: LocalSettings): LocalSystem {
  const folders = foldersOf(settings);
  const stack = createStack({
    folders,
    ports: {
      kafka: settings.LOCAL_KAFKA_PORT,
      kafkaController: settings.LOCAL_KAFKA_CONTROLLER_PORT,
      registry: settings.LOCAL_REGISTRY_PORT,
      store: settings.LOCAL_STORE_PORT,
    },
    external: {
      brokers: settings.KAFKA_BROKERS,
      registryUrl: settings.SCHEMA_REGISTRY_URL,
      mongoUrl: settings.MONGODB_URL,
    },
  });
  const apiUrl = `http://127.0.0.1:${settings.PORT}`;
  const opsPorts = opsPortsOf(settings);
  const env = {
    KAFKA_BROKERS: stack.addresses.brokers.join(','),
    SCHEMA_REGISTRY_URL: stack.addresses.registryUrl,
    MONGODB_URL: stack.addresses.mongoUrl,
    MONGODB_DATABASE: settings.MONGODB_DATABASE,
    TOPIC_PREFIX: settings.TOPIC_PREFIX,
  };
  const services = Object.entries(opsPorts).map(([name, port]) =>
    createServiceProcess({
      name: name as LocalServiceName,
      folders,
      env: { ...env, ...ownEnv(name as LocalServiceName, settings), OPS_PORT: String(port) },
    }),
  );
  let guardian: Guardian | undefined;
  let supervisors: Supervisor[] = [];

  function noteRunning(): void {
    const portOf = new Map([
      ...stack.servers.map(({ name, port }) => [name as string, port] as const),
      ...Object.entries(opsPorts),
    ]);
    const processes = [...stack.servers, ...services].map((managed) => {
      return [managed.name, { pid: managed.pid(), port: portOf.get(managed.name) ?? 0 }] as const;
    });
    writeRunInfo(folders.root, {
      apiUrl,
      addresses: stack.addresses,
      topicPrefix: settings.TOPIC_PREFIX,
      processes: Object.fromEntries(processes),
    });
  }

  async function startServices(progress: Progress): Promise<void> {
    const starts = services.map(async (service) => {
      progress.step(service.name, 'starting');
      await service.start();
      progress.done(service.name, 'ready');
    });
    const failure = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }

  return {
    stack,
    apiUrl,

    start: async (progress, signal) => {
      deleteRunInfo(folders.root);
      const stale = await endProcesses(folders.run, { graceMs: 10_000 });
      if (stale.length > 0) progress.done('clean-up', `ended what an earlier start had left: ${stale.join(', ')}`);
      await requireFreePorts(wantedPorts(settings));
      guardian = startGuardian(folders.run);
      await stack.start(({ name, product }, step) => {
        if (step === 'ready') progress.done(name, `ready (${product})`);
        else progress.step(name, `${step}: ${product}`);
      }, signal);

      progress.step('contract', 'applying');
      await runCommand(process.execPath, [contractCli], { env, signal });
      progress.done('contract', 'topics and schemas are there');

      signal.throwIfAborted();
      await startServices(progress);
      signal.throwIfAborted();
      const ofServices = services.map((service) => superviseAloud(service, progress, noteRunning));
      // Every service needs servers: one that could not start without this server may start now.
      const onServer = (isUp: boolean) => {
        noteRunning();
        if (isUp) for (const supervisor of ofServices) supervisor.retryNow();
      };
      supervisors = [...stack.servers.map((server) => superviseAloud(server, progress, onServer)), ...ofServices];
      noteRunning();
    },

    stop: async (progress) => {
      for (const supervisor of supervisors) supervisor.stop();
      deleteRunInfo(folders.root);
      await stopAloud(services, progress);
      await stack.stop();
      if (stack.servers.length > 0) progress.done('servers', 'stopped');
      await guardian?.close();
    },

    killAll: () => {
      for (const { pid } of liveProcesses(folders.run)) process.kill(pid, 'SIGKILL');
    },
  };
}

/** What only one of the services is told. */
function ownEnv(name: LocalServiceName, settings: LocalSettings): Record<string, string> {
  if (name === 'gateway') return { PORT: String(settings.PORT) };
  // What our broker takes, see stack/kafka-config.ts; another may take less.
  if (name === 'executor' && process.env.KAFKA_BROKERS === undefined) return { KAFKA_MAX_COMMIT_METADATA: '65536' };
  if (name === 'notifier') return { WEBHOOK_ALLOWED_NETWORKS: process.env.WEBHOOK_ALLOWED_NETWORKS ?? loopback };
  return {};
}

async function stopAloud(services: ManagedProcess[], progress: Progress): Promise<void> {
  const running = services.filter((service) => service.pid() !== undefined);
  await Promise.all(
    running.map(async (service) => {
      progress.step(service.name, 'draining');
      await service.stop();
      progress.done(service.name, 'stopped');
    }),
  );
}

function superviseAloud(managed: ManagedProcess, progress: Progress, onChange: (isUp: boolean) => void): Supervisor {
  return supervise(managed, {
    onDown: (reason, delayMs) => {
      const lastLine = logTail(managed.logFile, 1).trim().slice(0, maxLogLineCharacters);
      const log = `its log, ${managed.logFile}, ends with: ${lastLine || '(empty)'}`;
      progress.step(managed.name, `${reason}; starting it again in ${delayMs / 1000} s; ${log}`);
      onChange(false);
    },
    onUp: () => {
      progress.done(managed.name, 'ready again');
      onChange(true);
    },
  });
}
