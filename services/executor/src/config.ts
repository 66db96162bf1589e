import { consumerSettings, kafkaSettings, opsPort, opsSettings, setting } from '@nask/service';

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
  ...kafkaSettings,
  ...consumerSettings,
  ...opsSettings,
  OPS_PORT: opsPort(8002),
};
