import { join } from 'node:path';
import { kafkaTopics } from './topics.ts';
import { kafkaUsers } from './users.ts';

const production = join(import.meta.dirname, '..', 'overlays', 'production');

/** The manifests of production that follow from the catalogue: file -> text. */
export const kafkaFiles = (): ReadonlyMap<string, string> =>
  new Map([
    [join(production, 'kafka-topics.yaml'), kafkaTopics()],
    [join(production, 'kafka-users.yaml'), kafkaUsers()],
  ]);
