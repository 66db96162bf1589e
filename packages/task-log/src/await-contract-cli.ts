import { connectKafka } from '@nask/kafka';
import { activeTopics, type ServiceName } from '@nask/schemas';
import { createLogger, kafkaAccess, loadSettingsOrExit, registryAccess } from '@nask/service';
import { awaitContract, ContractError } from './contract/await-contract.ts';
import { awaitContractSettings, contractRules } from './contract/contract-settings.ts';

/** `node await-contract-cli.ts SERVICE`: ends once the contract is there as far as the service needs it; else with 1. */
const settings = loadSettingsOrExit({ service: 'await-contract', table: awaitContractSettings, rules: contractRules });
const logger = createLogger({ service: 'await-contract', level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
const [service = ''] = process.argv.slice(2);
const known = new Set<string>(Object.values(activeTopics).flatMap(({ producers }) => producers));

try {
  if (!known.has(service)) throw new ContractError('REFUSED', [`"${service}" is none of ${[...known].join(', ')}`]);
  await awaitContract({
    service: service as ServiceName,
    connection: connectKafka({ ...kafkaAccess(settings), clientId: 'nask-await-contract', logger }),
    ...registryAccess(settings),
    waitMs: settings.CONTRACT_WAIT_MS,
    logger,
  });
} catch (error) {
  if (!(error instanceof ContractError)) throw error;
  console.error(error.reasons.join('\n'));
  process.exitCode = 1;
}
