import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { wantedTopic } from '@nask/task-log';
import { activeTopics, type Topic } from '@nask/schemas';

const manifests = join(import.meta.dirname, '..');

interface Kustomization {
  configMapGenerator: { name: string; literals: string[] }[];
}

/** The settings that the contract gets in production, RETENTION_DAYS of the base among them. */
function contractSettings(): Map<string, string> {
  const files = ['base', 'overlays/production'].map((folder) => join(manifests, folder, 'kustomization.yaml'));
  const literals = files.flatMap((file) => {
    const { configMapGenerator } = parse(readFileSync(file, 'utf8')) as Kustomization;
    return configMapGenerator
      .filter(({ name }) => ['nask-contract', 'nask-retention'].includes(name))
      .flatMap((map) => map.literals);
  });
  return new Map(literals.map((literal) => literal.split('=', 2) as [string, string]));
}

/**
 * The KafkaTopics of production, one a topic, as the contract wants them: neither Strimzi nor the contract finds anything to
 * change in what the other made.
 * @param catalogue the topics that exist
 */
export function kafkaTopics(catalogue: Readonly<Record<string, Topic>> = activeTopics): string {
  const settings = contractSettings();
  const number = (name: string) => Number(settings.get(name));
  const documents = Object.entries(catalogue).map(([name, topic]) => {
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
  return `# Written by \`npm run k8s:kafka\` from the catalogue (schemas/topics.ts).\n${documents.join('---\n')}`;
}
