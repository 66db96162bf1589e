import {
  activeTopics,
  earlierReadModelVersions,
  projectorGroupOf,
  readModelVersion,
  type ServiceName,
  type Topic,
} from '@nask/schemas';

/** An access control entry of a KafkaUser. */
interface AccessRule {
  readonly resource: 'topic' | 'group';
  readonly name: string;
  readonly pattern: 'literal' | 'prefix';
  readonly operations: readonly string[];
  /** Why it is needed, where that does not follow from the catalogue. */
  readonly comment?: string;
}

interface KafkaUser {
  readonly name: string;
  readonly comment: string;
  readonly rules: readonly AccessRule[];
}

type Catalogue = Readonly<Record<string, Topic>>;

/** The consumer groups whose lag the autoscaler reads. The executor is scaled by a metric of its own. */
const scaledByLag = {
  notifier: 'notifier',
  projector: projectorGroupOf(readModelVersion),
} as const;

const comments: Readonly<Record<ServiceName, string>> = {
  gateway:
    'It has no consumer group: it follows the ends of the topics that it reads, for requests that wait for a task.',
  executor: 'It reads the topics that it writes back from the log, and copies deferred tasks back to tasks.requested.',
  notifier: 'It reads the attempts that it wrote back from the log.',
  projector: 'It reads every event of a task.',
};

const groups: Readonly<Record<ServiceName, readonly AccessRule[]>> = {
  gateway: [],
  executor: [{ resource: 'group', name: 'executor', pattern: 'literal', operations: ['Read'] }],
  notifier: [{ resource: 'group', name: 'notifier', pattern: 'literal', operations: ['Read'] }],
  projector: [
    {
      resource: 'group',
      name: 'projector',
      pattern: 'prefix',
      operations: ['Read'],
      comment: 'Each version of the read model, and each rebuild of it, has a group of its own.',
    },
    {
      resource: 'group',
      name: 'projector-rebuild-',
      pattern: 'prefix',
      operations: ['Delete'],
      comment: 'A rebuild deletes its group when it is done.',
    },
    ...earlierReadModelVersions.map((version): AccessRule => ({
      resource: 'group',
      name: projectorGroupOf(version),
      pattern: 'literal',
      operations: ['Delete'],
      comment: 'The group of an earlier version is deleted with its read model.',
    })),
  ],
};

/**
 * The KafkaUsers of production: each service may read and write the topics that name it in the catalogue, and join its
 * own group. Reserved topics give no rights.
 * @param catalogue the topics that exist
 */
export function kafkaUsers(catalogue: Catalogue = activeTopics): string {
  const users = [
    ...(Object.keys(groups) as ServiceName[]).map((service) => serviceUser(service, catalogue)),
    contractUser(catalogue),
    autoscalerUser(catalogue),
  ];
  const head = [
    '# Written by `npm run k8s:kafka` from the catalogue (schemas/topics.ts): what each program may do in Kafka.',
    '# Strimzi puts each password into a Secret named like the user.',
  ];
  return `${head.join('\n')}\n${users.map(manifestOf).join('')}`;
}

function serviceUser(service: ServiceName, catalogue: Catalogue): KafkaUser {
  const topics = Object.entries(catalogue).flatMap(([name, { producers, consumers }]): AccessRule[] => {
    const operations = [
      ...(consumers.includes(service) ? ['Read'] : []),
      ...(producers.includes(service) ? ['Write'] : []),
    ];
    return operations.length === 0 ? [] : [{ resource: 'topic', name, pattern: 'literal', operations }];
  });
  return { name: service, comment: comments[service], rules: [...topics, ...groups[service]] };
}

function contractUser(catalogue: Catalogue): KafkaUser {
  const operations = ['Create', 'Alter', 'AlterConfigs', 'Describe', 'DescribeConfigs'];
  return {
    name: 'contract',
    comment: 'It creates and changes topics; it neither reads nor writes records, and deletes nothing.',
    rules: topicFamilies(Object.keys(catalogue)).map((family) => ({ resource: 'topic', ...family, operations })),
  };
}

function autoscalerUser(catalogue: Catalogue): KafkaUser {
  const lagging = Object.entries(catalogue).filter(([, { consumers }]) =>
    Object.keys(scaledByLag).some((service) => consumers.includes(service as ServiceName)),
  );
  const operations = ['Describe'];
  return {
    name: 'autoscaler',
    comment: 'KEDA: it reads the lag of consumer groups, and no records.',
    rules: [
      ...topicFamilies(lagging.map(([name]) => name)).map((family): AccessRule => ({
        resource: 'topic',
        ...family,
        operations,
      })),
      ...Object.values(scaledByLag).map((name): AccessRule => ({
        resource: 'group',
        name,
        pattern: 'literal',
        operations,
      })),
    ],
  };
}

/** Topics by the first part of their names; a topic with one part is itself. */
function topicFamilies(names: readonly string[]): Pick<AccessRule, 'name' | 'pattern'>[] {
  const families = new Set(names.map((name) => name.replace(/\..*$/, '.')));
  return [...families].map((name) => ({ name, pattern: name.endsWith('.') ? 'prefix' : 'literal' }));
}

function manifestOf({ name, comment, rules }: KafkaUser): string {
  return `---
# ${comment}
apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata:
  name: nask-${name}
  labels:
    strimzi.io/cluster: nask
spec:
  authentication:
    type: scram-sha-512
  authorization:
    type: simple
    acls:
${rules.map(ruleLines).join('')}`;
}

function ruleLines({ resource, name, pattern, operations, comment }: AccessRule): string {
  return [
    ...(comment === undefined ? [] : [`      # ${comment}`]),
    `      - resource: { type: ${resource}, name: ${name}, patternType: ${pattern} }`,
    `        operations: [${operations.join(', ')}]`,
    '',
  ].join('\n');
}
