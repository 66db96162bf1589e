import {
  consumerSettings,
  kafkaRules,
  kafkaSettings,
  opsPort,
  opsSettings,
  registryRules,
  registrySettings,
  setting,
  type SettingsRule,
  taskTypeRule,
  taskTypeSettings,
  tracingSettings,
} from '@nask/service';
import { taskTypeFaults } from '@nask/schemas';

/** Every setting of the executor. */
export const settingsTable = {
  EXECUTOR_NAME: setting.string({
    describe: 'Name of this process in its events. Default: the host name.',
    optional: true,
    maxLength: 200,
  }),
  EXECUTOR_THREADS: setting.integer({
    describe: 'Computations at once, each in a thread. Default: one a core.',
    optional: true,
    min: 1,
    max: 1_024,
  }),
  EXECUTOR_THREAD_HEAP_MB: setting.integer({
    describe: 'JavaScript heap of one thread; a task that needs more fails.',
    unit: 'MB',
    default: 256,
    min: 32,
    max: 65_536,
  }),
  EXECUTOR_MAX_WAITING: setting.integer({
    describe: 'Waiting tasks (sleep) that run at once.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  EXECUTOR_MAX_IN_LINE: setting.integer({
    describe:
      'Tasks taken beyond EXECUTOR_MAX_WAITING: they compute or stand in line. At the sum of both, reading from Kafka pauses.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  EXECUTOR_UNKNOWN_TYPE_WAIT_MS: setting.durationMs({
    describe:
      'How long a task waits, with status PENDING, for an executor that has its type; then it fails (unknown-task-type). 0: it fails at once.',
    default: 600_000,
    min: 0,
    max: 86_400_000,
  }),
  KAFKA_MAX_COMMIT_METADATA: setting.integer({
    describe:
      'Most characters of a commit’s metadata, which says what has ended beyond the oldest open task: the broker’s offset.metadata.max.bytes. With 4,096 there may be about 24,000 tasks between the two.',
    default: 4_096,
    min: 256,
    max: 1_048_576,
  }),
  ...taskTypeSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...tracingSettings,
  ...consumerSettings,
  ...opsSettings,
  OPS_PORT: opsPort(8002),
};

/** What must be right about several settings together. */
export const settingsRules: readonly SettingsRule<typeof settingsTable>[] = [
  ...kafkaRules,
  ...registryRules,
  taskTypeRule(taskTypeFaults),
];
