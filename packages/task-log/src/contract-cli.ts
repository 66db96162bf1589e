import { connectKafka } from '@nask/kafka';
import { createLogger, kafkaAccess, loadSettingsOrExit, registryAccess } from '@nask/service';
import { ContractError } from './contract/await-contract.ts';
import { contractRules, contractSettings } from './contract/contract-settings.ts';
import { applyContract, contractReport } from './contract/apply-contract.ts';

/** `npm run contract`: creates the topics and registers the schemas. Says on standard output what it changed. */
const settings = loadSettingsOrExit({ service: 'contract', table: contractSettings, rules: contractRules });
const logger = createLogger({ service: 'contract', level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });

try {
  const changes = await applyContract({
    connection: connectKafka({ ...kafkaAccess(settings), clientId: 'nask-contract', logger }),
    ...registryAccess(settings),
    topics: {
      partitions: settings.TOPIC_PARTITIONS,
      replicationFactor: settings.TOPIC_REPLICATION_FACTOR,
      minInsyncReplicas: settings.TOPIC_MIN_INSYNC_REPLICAS,
      documentRetentionDays: settings.RETENTION_DAYS,
    },
    waitMs: settings.CONTRACT_WAIT_MS,
    logger,
  });
  console.log(contractReport(changes));
} catch (error) {
  if (!(error instanceof ContractError)) throw error;
  console.error(['The contract was not applied:', ...error.reasons.map((reason) => `- ${reason}`)].join('\n'));
  process.exitCode = 1;
}
