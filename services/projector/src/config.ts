import {
  consumerSettings,
  kafkaRules,
  kafkaSettings,
  mongoRules,
  mongoSettings,
  opsPort,
  opsSettings,
  processSettings,
  registryRules,
  registrySettings,
  retentionSettings,
  setting,
  type SettingsRule,
} from '@nask/service';

/** @returns so many days in milliseconds */
export function daysMs(days: number): number {
  return days * 86_400_000;
}

/** What its commands need as well. */
const projectionSettings = {
  PROJECTOR_MAX_BATCH_EVENTS: setting.integer({
    describe: 'Events that are written at once, at most.',
    default: 1_000,
    min: 1,
    max: 10_000,
  }),
  PROJECTOR_MAX_BATCH_BYTES: setting.bytes({
    describe: 'A batch ends with the event that goes over it.',
    default: 8 * 1024 * 1024,
    min: 1_024,
    max: 32 * 1024 * 1024,
  }),
  MONGODB_TIMEOUT_MS: setting.durationMs({
    describe: 'How long MongoDB may leave one request unanswered; it is made once more, then the batch is tried again.',
    default: 30_000,
    min: 1_000,
    max: 300_000,
  }),
  ...retentionSettings,
  ...mongoSettings,
  ...kafkaSettings,
  ...registrySettings,
};

/** Every setting of the projector. */
export const settingsTable = {
  ...projectionSettings,
  ...consumerSettings,
  ...opsSettings,
  OPS_PORT: opsPort(8004),
};

/** What must be right about several settings together. */
export const settingsRules: readonly SettingsRule<typeof projectionSettings>[] = [
  ...kafkaRules,
  ...registryRules,
  ...mongoRules,
];

/** Those of `npm run projector`. It says little in its log: its result is on standard output. */
export const commandSettings = {
  ...projectionSettings,
  LOG_LEVEL: setting.oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    describe: 'Least severe level that is logged.',
    default: 'warn',
  }),
  LOG_FORMAT: processSettings.LOG_FORMAT,
};
