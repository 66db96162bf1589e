import {
  kafkaRules,
  kafkaSettings,
  processSettings,
  registryRules,
  registrySettings,
  retentionSettings,
  setting,
  type SettingsRule,
} from '@nask/service';

/** The settings of what waits for the contract. */
export const awaitContractSettings = {
  ...kafkaSettings,
  ...registrySettings,
  CONTRACT_WAIT_MS: setting.durationMs({
    describe: 'How long Kafka and the schema registry may take to come up.',
    default: 60_000,
  }),
  LOG_LEVEL: processSettings.LOG_LEVEL,
  LOG_FORMAT: processSettings.LOG_FORMAT,
};

/** The settings of `npm run contract`. */
export const contractSettings = {
  ...awaitContractSettings,
  TOPIC_PARTITIONS: setting.integer({
    describe: 'Partitions of each topic keyed by task id. Cannot be changed once there are tasks.',
    default: 12,
    min: 1,
    max: 1_000,
  }),
  TOPIC_REPLICATION_FACTOR: setting.integer({
    describe: 'Replicas of each partition of a new topic; 3 in production.',
    default: 1,
    min: 1,
    max: 10,
  }),
  TOPIC_MIN_INSYNC_REPLICAS: setting.integer({
    describe:
      'Replicas that must have a record before it is acknowledged; default one less than there are, at least 1.',
    optional: true,
    min: 1,
    max: 10,
  }),
  ...retentionSettings,
};

/** What must be right about several settings together. */
export const contractRules: readonly SettingsRule<typeof awaitContractSettings>[] = [...kafkaRules, ...registryRules];
