import { setting } from './kinds.ts';
import type { SettingsRule } from './load-settings.ts';

/** For a service that is a member of a consumer group. */
export const consumerSettings = {
  KAFKA_SESSION_TIMEOUT_MS: setting.durationMs({
    describe:
      'How long a process that died keeps its partitions. Longer than its longest pause; within the broker’s group.min.session.timeout.ms and group.max.session.timeout.ms.',
    default: 10_000,
    min: 1_000,
    max: 1_800_000,
  }),
};

/** For a service that knows the task types. */
export const taskTypeSettings = {
  TASK_TYPES_FOLDER: setting.string({
    describe:
      'Folder with task types of your own, as an absolute path: tasks/NAME.json and handlers/NAME.ts each. The same for gateways and executors.',
    optional: true,
    maxLength: 4_096,
    pattern: /^\//,
    patternName: 'an absolute path',
  }),
};

/**
 * The rule that the task types can be used.
 * @param faultsIn the faults of the project's task types and of those in a folder
 */
export function taskTypeRule(
  faultsIn: (folder: string | undefined) => readonly string[],
): SettingsRule<typeof taskTypeSettings> {
  return ({ TASK_TYPES_FOLDER: folder }) => {
    const subject = folder === undefined ? 'task types' : 'TASK_TYPES_FOLDER';
    return faultsIn(folder).map((fault) => `${subject}: ${fault}`);
  };
}

/** For whoever creates the topics, and whoever writes the read model: both have to have the same. */
export const retentionSettings = {
  RETENTION_DAYS: setting.integer({
    describe: 'How long the read model keeps a task after it was accepted; topics keep their records a week longer.',
    default: 30,
    min: 1,
    max: 3_650,
    unit: 'days',
  }),
};

/** For every process: its log and its end. */
export const processSettings = {
  LOG_LEVEL: setting.oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    describe: 'Least severe level that is logged.',
    default: 'info',
  }),
  LOG_FORMAT: setting.oneOf(['auto', 'json', 'pretty'], {
    describe: 'Form of the log on standard output; auto is pretty on a terminal and JSON elsewhere.',
    default: 'auto',
  }),
  SHUTDOWN_GRACE_MS: setting.durationMs({
    describe: 'How long a stop may take to finish or hand back what is running; keep it below the orchestrator’s own.',
    default: 25_000,
    max: 3_600_000,
  }),
};

/** The port of `/healthz`, `/readyz` and `/metrics`, with a service's own default. */
export function opsPort(defaultPort: number) {
  return setting.port({
    describe: 'Port of /healthz, /readyz and /metrics (0: any free port).',
    default: defaultPort,
  });
}

/** For a service with an ops server. Give each service its own default: `{ ...opsSettings, OPS_PORT: opsPort(9101) }`. */
export const opsSettings = {
  OPS_HOST: setting.string({ describe: 'Address that the ops server listens on.', default: '127.0.0.1' }),
  OPS_PORT: opsPort(9090),
  ...processSettings,
};
