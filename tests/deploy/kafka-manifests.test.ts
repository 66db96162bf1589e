import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import {
  activeTopics,
  projectorGroupOf,
  readModelVersion,
  reservedTopics,
  topics,
  type ServiceName,
  type Topic,
} from '@nask/schemas';
import { kafkaFiles } from '../../k8s/kafka/files.ts';
import { kafkaTopics } from '../../k8s/kafka/topics.ts';
import { kafkaUsers } from '../../k8s/kafka/users.ts';
import type { Manifest } from './manifests.ts';

/** What production's Kafka gets from the catalogue: topics, rights and consumer groups. */

interface KafkaUser {
  authorization: { acls: { resource: { type: string; name: string; patternType: string }; operations: string[] }[] };
}
interface ScaledObject {
  scaleTargetRef: { name: string };
  triggers: { type: string; metadata: { consumerGroup?: string; topic?: string } }[];
}

const manifestsOf = (yaml: string) => parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);

/** The rights of each user, one line an entry: `topic tasks.started literal Read,Write`. */
function rightsOf(yaml: string): Map<string, string[]> {
  const users = manifestsOf(yaml).map(({ metadata, spec }): [string, string[]] => {
    const rights = (spec as KafkaUser).authorization.acls.map(
      ({ resource: { type, name, patternType }, operations }) => `${type} ${name} ${patternType} ${operations.join()}`,
    );
    return [metadata.name, rights];
  });
  return new Map(users);
}

/** The catalogue with a topic of a later version. */
const details: Topic = { ...topics['tasks.failure-details'], isReserved: undefined };
const later = { ...activeTopics, 'tasks.failure-details': details };

const services = ['gateway', 'executor', 'notifier', 'projector'] as const;
const groupOf: Record<ServiceName, string | undefined> = {
  gateway: undefined,
  executor: 'executor',
  notifier: 'notifier',
  projector: projectorGroupOf(readModelVersion),
};

describe('the manifests that follow from the catalogue', () => {
  test.each([...kafkaFiles()].map(([file, text]) => [basename(file), file, text]))(
    '%s is current (npm run k8s:kafka)',
    (_, file, text) => {
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  test('a topic more makes both outdated', () => {
    expect(kafkaTopics(later)).not.toBe(kafkaTopics());
    expect(kafkaUsers(later)).not.toBe(kafkaUsers());
  });

  test('given reserved topics, then there is neither a KafkaTopic nor a right of them', () => {
    expect(manifestsOf(kafkaTopics()).map(({ metadata }) => metadata.name)).toEqual(Object.keys(activeTopics));
    for (const name of Object.keys(reservedTopics)) expect(kafkaUsers()).not.toContain(`name: ${name},`);
  });
});

describe('the rights in Kafka', () => {
  test.each(services)(
    'the %s may read and write the topics that name it, join its group, and nothing else',
    (service) => {
      const ofTopics = Object.entries(activeTopics).flatMap(([topic, { producers, consumers }]) => {
        const operations = [consumers.includes(service) && 'Read', producers.includes(service) && 'Write'];
        return operations.some(Boolean) ? [`topic ${topic} literal ${operations.filter(Boolean).join()}`] : [];
      });
      const ofGroups = {
        gateway: [],
        executor: ['group executor literal Read'],
        notifier: ['group notifier literal Read'],
        projector: [
          'group projector prefix Read',
          'group projector-rebuild- prefix Delete',
          'group projector literal Delete',
        ],
      };
      expect(rightsOf(kafkaUsers()).get(`nask-${service}`)).toEqual([...ofTopics, ...ofGroups[service]]);
    },
  );

  test('no service may delete its own group', () => {
    for (const service of services)
      expect(rightsOf(kafkaUsers()).get(`nask-${service}`)).not.toContain(`group ${groupOf[service]} literal Delete`);
  });

  test('given that tasks.failure-details becomes active, then only the executor may write it, and only the gateway read it', () => {
    const granted = [...rightsOf(kafkaUsers(later))].flatMap(([user, rights]) =>
      rights.filter((right) => right.includes('tasks.failure-details')).map((right) => [user, right]),
    );
    expect(granted).toEqual([
      ['nask-gateway', 'topic tasks.failure-details literal Read'],
      ['nask-executor', 'topic tasks.failure-details literal Write'],
    ]);
  });

  test('the contract may create and change every topic that exists, and no record', () => {
    const rights = rightsOf(kafkaUsers()).get('nask-contract')!;
    expect(new Set(rights.map((right) => right.split(' ').at(-1)))).toEqual(
      new Set(['Create,Alter,AlterConfigs,Describe,DescribeConfigs']),
    );
    const covers = (name: string) =>
      rights.some((right) => {
        const [, resource = '', pattern] = right.split(' ');
        return pattern === 'prefix' ? name.startsWith(resource) : name === resource;
      });
    expect(Object.keys(activeTopics).filter((name) => !covers(name))).toEqual([]);
    expect(covers('workers.reported')).toBe(false);
    const workers: Topic = { ...topics['workers.reported'], isReserved: undefined };
    expect(rightsOf(kafkaUsers({ ...activeTopics, 'workers.reported': workers })).get('nask-contract')).toContain(
      'topic workers. prefix Create,Alter,AlterConfigs,Describe,DescribeConfigs',
    );
  });
});

describe('scaling by lag', () => {
  const file = join(import.meta.dirname, '..', '..', 'k8s', 'components', 'scaling', 'scaled-objects.yaml');
  const triggers = (yaml: string) =>
    manifestsOf(yaml).flatMap(({ kind, spec }) =>
      kind === 'ScaledObject'
        ? (spec as ScaledObject).triggers
            .filter(({ type }) => type === 'kafka')
            .map(({ metadata }) => ({
              ...metadata,
              service: (spec as ScaledObject).scaleTargetRef.name as ServiceName,
            }))
        : [],
    );
  const outdated = (yaml: string) =>
    triggers(yaml)
      .filter(({ service, consumerGroup }) => consumerGroup !== groupOf[service])
      .map(({ service, consumerGroup }) => `${service}: ${consumerGroup}`);

  test('reads the lag of the groups that the services join, and of topics that they read', () => {
    const yaml = readFileSync(file, 'utf8');
    expect(triggers(yaml).map(({ service }) => service)).toEqual(['notifier', 'projector']);
    expect(outdated(yaml)).toEqual([]);
    for (const { service, topic } of triggers(yaml))
      if (topic !== undefined) expect(activeTopics[topic]?.consumers).toContain(service);
  });

  test('the group of an earlier version is found', () => {
    const yaml = readFileSync(file, 'utf8').replace('projector-v2', 'projector');
    expect(outdated(yaml)).toEqual(['projector: projector']);
  });

  test('the autoscaler may describe these groups', () => {
    const rights = rightsOf(kafkaUsers()).get('nask-autoscaler');
    for (const { consumerGroup } of triggers(readFileSync(file, 'utf8')))
      expect(rights).toContain(`group ${consumerGroup} literal Describe`);
  });
});
