import { connectKafka, type KafkaConnection } from '@nask/kafka';
import { createEventCodec, type EventCodec } from '@nask/task-log';
import {
  createLogger,
  kafkaAccess,
  kafkaRules,
  kafkaSettings,
  loadSettingsOrExit,
  registryAccess,
  registryRules,
  registrySettings,
  type Logger,
} from '@nask/service';
import { settingsIn } from '../program-settings.ts';
import { environmentOf } from '../running-system.ts';
import type { RunInfo } from '../run-info.ts';

/** A subscriber's means: Kafka and the registry of the running system, with the credentials of the environment, else its own. */
export function connectSubscriber(
  name: string,
  running: RunInfo,
): { connection: KafkaConnection; codec: EventCodec; logger: Logger } {
  const settings = loadSettingsOrExit({
    service: `npm run ${name}`,
    table: { ...kafkaSettings, ...registrySettings },
    rules: [...kafkaRules, ...registryRules],
    env: { ...running.settings.contract, ...settingsIn(process.env, 'contract'), ...environmentOf(running) },
  });
  const logger = createLogger({ service: name, level: 'error', format: 'pretty' });
  return {
    connection: connectKafka({ ...kafkaAccess(settings), clientId: `nask-${name}`, logger }),
    codec: createEventCodec({ ...registryAccess(settings), topicPrefix: settings.TOPIC_PREFIX, logger }),
    logger,
  };
}
