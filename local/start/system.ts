import { rmSync } from 'node:fs';
import {
  contractProgram,
  createServiceProcess,
  createStack,
  endLeftovers,
  endProcesses,
  liveProcesses,
  pidFile,
  runCommand,
  sendSignal,
  serverNames,
  serviceNames,
  serviceStopTimeoutMs,
  startGuardian,
  type Guardian,
  type ManagedProcess,
  type Stack,
} from '@nask/dev-stack';
import { foldersOf, opsPortsOf, wantedPorts, type LocalSettings } from '../config.ts';
import { settingsFaults, settingsIn, type LocalProgram } from '../program-settings.ts';
import { deleteRunInfo, writeRunInfo } from '../running-system.ts';
import { createEnvironments } from './environments.ts';
import type { Progress } from './output.ts';
import { requireFreePorts } from './port-check.ts';
import { superviseAll, type Supervisor, type SupervisorEvents } from './supervisor.ts';

/** The whole system on one machine: three servers, the contract, four services. */
interface LocalSystem {
  readonly stack: Stack;
  readonly apiUrl: string;
  /** See RunInfo. */
  readonly authorizationFile: string | undefined;
  /** The faults in the settings of all that it will start. */
  settingsFaults(): string[];
  /** Resolved when the API serves. What had been started when it fails is stopped by stop. */
  start(progress: Progress, signal: AbortSignal): Promise<void>;
  /** Drains the services, then stops the servers; no process is left. */
  stop(progress: Progress): Promise<void>;
  /** Ends all processes at once. */
  killAll(): void;
}

/** Of the log line that is printed when a process ends. */
const maxLogLineCharacters = 300;

/** After an upgrade the gateway is ready once the projector has built the new read model from the whole log. */
const serviceStartTimeoutMs = 2 * 60 * 60_000;

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
  const environments = createEnvironments(settings, stack.addresses);
  const { localKey } = environments;
  const services = serviceNames.map((name) =>
    createServiceProcess({
      name,
      folders,
      env: environments.service(name),
      startTimeoutMs: serviceStartTimeoutMs,
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
      database: settings.MONGODB_DATABASE,
      authorizationFile: localKey?.file,
      logsFolder: folders.logs,
      settings: Object.fromEntries(
        Object.entries(environments.all()).map(([program, full]) => [
          program,
          settingsIn(full, program as LocalProgram),
        ]),
      ) as Record<LocalProgram, Record<string, string>>,
      processes: Object.fromEntries(processes),
    });
  }

  async function startServices(progress: Progress): Promise<void> {
    const starts = services.map(async (service) => {
      progress.step(service.name, 'starting', { reason: () => service.lastProbeFailure() });
      await service.start();
      progress.done(service.name, 'ready');
    });
    const failure = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }

  return {
    stack,
    apiUrl,
    authorizationFile: localKey?.file,

    settingsFaults: () => settingsFaults(environments.all()),

    start: async (progress, signal) => {
      deleteRunInfo(folders.root);
      if (await endLeftovers(folders.run)) progress.done('clean-up', 'ended what an earlier start had left');
      await requireFreePorts(wantedPorts(settings));
      signal.throwIfAborted();
      guardian = startGuardian(folders.run);
      await stack.start((server, step) => {
        const { name, product } = server;
        if (step === 'ready') progress.done(name, `ready (${product})`);
        else progress.step(name, `${step}: ${product}`, { reason: () => server.lastProbeFailure() });
      }, signal);

      let contractOutput = '';
      progress.step('contract', 'applying', { reason: () => lastMessage(contractOutput) });
      await runCommand(process.execPath, [contractProgram()], {
        env: environments.contract,
        signal,
        pidFile: pidFile(folders.run, 'contract'),
        onOutput: (tail) => (contractOutput = tail),
      });
      progress.done('contract', 'topics and schemas are there');

      signal.throwIfAborted();
      await startServices(progress);
      signal.throwIfAborted();
      supervisors = superviseAll<ManagedProcess>({ servers: stack.servers, services }, (managed) =>
        supervisorEvents(managed, progress, noteRunning),
      );
      localKey?.write();
      noteRunning();
    },

    stop: async (progress) => {
      for (const supervisor of supervisors) supervisor.stop();
      deleteRunInfo(folders.root);
      if (localKey) rmSync(localKey.file, { force: true });
      // Those of npm run service too, while the servers that they drain with are there.
      const spare = [...serverNames, ...serviceNames];
      await Promise.all([
        stopServices(services, progress),
        endProcesses(folders.run, { graceMs: serviceStopTimeoutMs, spare }),
      ]);
      await stack.stop();
      if (stack.servers.length > 0) progress.done('servers', 'stopped');
      await guardian?.close();
    },

    killAll: () => {
      for (const { pid } of liveProcesses(folders.run)) sendSignal(pid, 'SIGKILL');
    },
  };
}

/** The last line of a program's output; of a JSON log its message. */
function lastMessage(output: string): string | undefined {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  const message = /^\{.*"msg":("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  return (message === undefined ? line : (JSON.parse(message) as string)).slice(0, maxLogLineCharacters);
}

async function stopServices(services: ManagedProcess[], progress: Progress): Promise<void> {
  const running = services.filter((service) => service.pid() !== undefined);
  await Promise.all(
    running.map(async (service) => {
      progress.step(service.name, 'draining');
      await service.stop();
      progress.done(service.name, 'stopped');
    }),
  );
}

function supervisorEvents(managed: ManagedProcess, progress: Progress, noteRunning: () => void): SupervisorEvents {
  return {
    onDown: (reason, delayMs) => {
      const line = managed.errorLine().slice(0, maxLogLineCharacters);
      const log = `its log, ${managed.logFile}, says: ${line || '(nothing)'}`;
      progress.step(managed.name, `${reason}; starting it again in ${delayMs / 1000} s; ${log}`, {
        reminder: 'starting again',
        reason: () => managed.lastProbeFailure(),
      });
      noteRunning();
    },
    onUp: () => {
      progress.done(managed.name, 'ready again');
      noteRunning();
    },
  };
}
