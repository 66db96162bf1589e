import { join } from 'node:path';
import { manageProcess, type ManagedProcess } from './processes/managed-process.ts';
import { pidFile } from './processes/pid-files.ts';
import type { ServerFolders } from './server.ts';

/** Our services, in the order in which people name them. */
export const serviceNames = ['gateway', 'executor', 'notifier', 'projector'] as const;
export type ServiceName = (typeof serviceNames)[number];

export function isServiceName(name: string | undefined): name is ServiceName {
  return (serviceNames as readonly (string | undefined)[]).includes(name);
}

/** From SIGTERM to SIGKILL. Longer than a service's own grace period, after which it ends by itself. */
export const serviceStopTimeoutMs = 35_000;

/** The project's folder. Programs are named by path: this package runs them as processes and imports none of them. */
const projectFolder = join(import.meta.dirname, '..', '..', '..');

/** The program that creates the topics and registers the schemas. */
export function contractProgram(project = projectFolder): string {
  return join(project, 'packages', 'task-log', 'src', 'contract-cli.ts');
}

/**
 * One of our services as a process of its own, ready when its /readyz answers 200.
 * @param env its settings, OPS_PORT among them
 */
export function createServiceProcess(options: {
  name: ServiceName;
  env: Record<string, string> & { OPS_PORT: string };
  folders: Pick<ServerFolders, 'logs' | 'run'>;
  /** Tells two processes of one service apart in the folders. */
  instance?: string;
  /** The project whose service it is: another version of this one is in another folder. */
  project?: string;
  startTimeoutMs?: number;
}): ManagedProcess {
  const { name, env, folders, instance = name, project = projectFolder, startTimeoutMs = 60_000 } = options;
  return manageProcess({
    name: instance,
    logFile: join(folders.logs, `${instance}.log`),
    pidFile: pidFile(folders.run, instance),
    startTimeoutMs,
    stopTimeoutMs: serviceStopTimeoutMs,
    command: () => ({ file: process.execPath, args: [join(project, 'services', name, 'src', 'main.ts')], env }),
    probe: async (signal) => {
      const response = await fetch(`http://127.0.0.1:${env.OPS_PORT}/readyz`, { signal });
      const body = await response.text();
      if (!response.ok) throw new Error(unreadyReason(body) ?? `GET /readyz answered ${response.status}`);
    },
  });
}

type Checks = Record<string, { ok: boolean; reason?: string }>;

/** The checks of /readyz that fail, with their reasons; undefined when that is not what the body has. */
export function unreadyReason(body: string): string | undefined {
  let report: { checks?: Checks; dependencies?: Checks };
  try {
    report = JSON.parse(body) as typeof report;
  } catch {
    return undefined;
  }
  const failed = Object.entries({ ...report.checks, ...report.dependencies }).filter(([, { ok }]) => !ok);
  // The phase says no more than that the service is not ready, unless it is all that there is.
  const telling = failed.length > 1 ? failed.filter(([name]) => name !== 'phase') : failed;
  return telling.map(([name, { reason }]) => (reason ? `${name}: ${reason}` : name)).join('; ') || undefined;
}
