/** `npm run k8s:topics`: writes the KafkaTopics of production from the catalogue. A test checks that they are current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { wantedTopic } from '@nask/task-log';
import { topics, type Topic } from '@nask/schemas';

const production = join(import.meta.dirname, 'overlays', 'production');
export const topicsFile = join(production, 'kafka-topics.yaml');

interface Kustomization {
  configMapGenerator: { name: string; literals: string[] }[];
}

/** The settings that the contract gets in production, RETENTION_DAYS of the base among them. */
function contractSettings(): Map<string, string> {
  const files = [join(import.meta.dirname, 'base'), production].map((folder) => join(folder, 'kustomization.yaml'));
  const literals = files.flatMap((file) => {
    const { configMapGenerator } = parse(readFileSync(file, 'utf8')) as Kustomization;
    return configMapGenerator
      .filter(({ name }) => ['nask-contract', 'nask-retention'].includes(name))
      .flatMap((map) => map.literals);
  });
  return new Map(literals.map((literal) => literal.split('=', 2) as [string, string]));
}

/** One KafkaTopic a topic, as the contract wants it: neither of the two that look after topics finds anything to change. */
export function kafkaTopics(): string {
  const settings = contractSettings();
  const number = (name: string) => Number(settings.get(name));
  const documents = Object.entries<Topic>(topics).map(([name, topic]) => {
    const { partitions, replicationFactor, config } = wantedTopic(name, topic, {
      partitions: number('TOPIC_PARTITIONS'),
      replicationFactor: number('TOPIC_REPLICATION_FACTOR'),
      minInsyncReplicas: number('TOPIC_MIN_INSYNC_REPLICAS'),
      documentRetentionDays: number('RETENTION_DAYS'),
    });
    return [
      'apiVersion: kafka.strimzi.io/v1',
      'kind: KafkaTopic',
      'metadata:',
      `  name: ${name}`,
      '  labels: { strimzi.io/cluster: nask }',
      'spec:',
      `  partitions: ${partitions}`,
      `  replicas: ${replicationFactor}`,
      '  config:',
      ...Object.entries(config).map(([key, value]) => `    ${key}: '${value}'`),
      '',
    ].join('\n');
  });
  return `# Written by \`npm run k8s:topics\` from the catalogue (schemas/topics.ts).\n${documents.join('---\n')}`;
}

if (import.meta.main) {
  writeFileSync(topicsFile, kafkaTopics());
  console.log(`Wrote ${topicsFile}`);
}
