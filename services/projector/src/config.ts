import {
  consumerSettings,
  kafkaRules,
  kafkaSettings,
  mongoRules,
  mongoSettings,
  opsPort,
  opsSettings,
  registryRules,
  registrySettings,
  setting,
  type SettingsRule,
} from '@nask/service';

/** Every setting of the projector. */
export const settingsTable = {
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
    describe: 'How long one write may take; beyond it the batch is tried again.',
    default: 30_000,
    min: 1_000,
    max: 300_000,
  }),
  ...mongoSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...consumerSettings,
  ...opsSettings,
  OPS_PORT: opsPort(8004),
};

/** What must be right about several settings together. */
export const settingsRules: readonly SettingsRule<typeof settingsTable>[] = [
  ...kafkaRules,
  ...registryRules,
  ...mongoRules,
];
