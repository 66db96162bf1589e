/**
 * `npm run projector -- COMMAND`: the projector's commands. Where no setting says on which servers, on the system that
 * `npm start` runs here.
 */
import { loadSettingsOrExit } from '@nask/service';
import { foldersOf, settingsTable } from './config.ts';
import { readRunInfo } from './run-info.ts';

const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, MONGODB_URL } = process.env;
if (KAFKA_BROKERS === undefined && SCHEMA_REGISTRY_URL === undefined && MONGODB_URL === undefined) {
  const running = readRunInfo(
    foldersOf(loadSettingsOrExit({ service: 'npm run projector', table: settingsTable })).root,
  );
  if (running !== undefined) {
    const { brokers, registryUrl, mongoUrl } = running.addresses;
    console.error(
      `On the system that npm start runs here: Kafka ${brokers.join(',')}, store ${new URL(mongoUrl).host}.`,
    );
    Object.assign(process.env, {
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      MONGODB_URL: mongoUrl,
      TOPIC_PREFIX: running.topicPrefix,
    });
  }
}
await import('../services/projector/src/cli.ts');
