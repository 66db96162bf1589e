import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { GivenSecrets } from './container-faults.ts';
import { crossReferenceFaults } from './cross-references.ts';
import { buildOverlay, overlays, schemaFaults, type BreakableSpec, type Manifest } from './manifests.ts';

/** Secrets that a person has to make before: docs/deploying.md says so. */
const byHand = new Map([
  ['nask-registry', ['username', 'password']],
  ['nask-mongodb', ['username', 'password']],
  ['nask-api-keys', ['keys']],
  ['nask-webhooks', ['secrets']],
]);

/** With those that Strimzi makes: one for each user, and the authority of the cluster. */
function secretsOf(manifests: readonly Manifest[]): GivenSecrets {
  const users = manifests.filter(({ kind }) => kind === 'KafkaUser').map(({ metadata }) => metadata.name);
  const clusters = manifests.filter(({ kind }) => kind === 'Kafka').map(({ metadata }) => metadata.name);
  return new Map<string, readonly string[]>([
    ...byHand,
    ...users.map((name) => [name, ['password', 'sasl.jaas.config']] as const),
    ...clusters.map((name) => [`${name}-cluster-ca-cert`, ['ca.crt']] as const),
  ]);
}

const built = new Map<string, Manifest[]>();
const faultsOf = (manifests: Manifest[]) => crossReferenceFaults(manifests, secretsOf(manifests));

beforeAll(async () => {
  for (const overlay of overlays) built.set(overlay, await buildOverlay(overlay));
}, 300_000);

describe('the manifests fit together', () => {
  test.each(overlays)('in the overlay %s', (overlay) => {
    expect(faultsOf(built.get(overlay)!)).toEqual([]);
  });

  test('whoever deploys is told which Secrets to make', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'deploying.md'), 'utf8');
    for (const [secret, keys] of byHand) for (const text of [secret, ...keys]) expect(page).toContain(text);
  });

  const container = (spec: BreakableSpec) => spec.template.spec.containers[0];
  const broken: [kind: string, name: string, fault: string, breakIt: (spec: BreakableSpec, all: Manifest[]) => void][] =
    [
      ['Deployment', 'gateway', 'there is no ServiceAccount', (spec) => (spec.template.spec.serviceAccountName = 'no')],
      [
        'Deployment',
        'gateway',
        'gets a token|get a token',
        (spec) => delete spec.template.spec.automountServiceAccountToken,
      ],
      ['Deployment', 'gateway', 'may run as root', (spec) => delete spec.template.spec.securityContext.runAsNonRoot],
      ['Deployment', 'gateway', 'is not pinned', (spec) => (container(spec).image = 'nask-task:latest')],
      [
        'Deployment',
        'gateway',
        'KAFKA_BROKER is no setting',
        (spec) => container(spec).env.push({ name: 'KAFKA_BROKER', value: 'a' }),
      ],
      [
        'Deployment',
        'gateway',
        'MAX_BODY_BYTES=1 is not',
        (spec) => container(spec).env.push({ name: 'MAX_BODY_BYTES', value: '1' }),
      ],
      [
        'Deployment',
        'gateway',
        'there is no ConfigMap nask-x',
        (spec) => container(spec).envFrom.push({ configMapRef: { name: 'nask-x' } }),
      ],
      ['Deployment', 'projector', 'not told MONGODB_URL', (spec) => container(spec).envFrom.splice(1, 1)],
      [
        'Deployment',
        'notifier',
        'nobody gives the Secret nask-webhook',
        (spec) => (container(spec).env.at(-1).valueFrom.secretKeyRef.name = 'nask-webhook'),
      ],
      [
        'Deployment',
        'executor',
        'key pass',
        (spec) =>
          (container(spec).env.find(
            (one: BreakableSpec) => one.name === 'KAFKA_SASL_PASSWORD',
          ).valueFrom.secretKeyRef.key = 'pass'),
      ],
      [
        'Deployment',
        'executor',
        'is no file of a mounted Secret',
        (spec) =>
          (spec.template.spec.volumes.find((one: BreakableSpec) => one.secret !== undefined).secret.items[0].path =
            'other.crt'),
      ],
      ['Deployment', 'executor', 'there is no volume', (spec) => (spec.template.spec.volumes = [])],
      [
        'Deployment',
        'executor',
        'its drain may take 25 s',
        (spec) => (spec.template.spec.terminationGracePeriodSeconds = 25),
      ],
      [
        'Deployment',
        'gateway',
        'its drain may take 30 s',
        (spec) => (spec.template.spec.terminationGracePeriodSeconds = 30),
      ],
      [
        'Deployment',
        'executor',
        'does not wait for the contract',
        (spec) => (spec.template.spec.initContainers[0].args[1] = 'notifier'),
      ],
      [
        'Deployment',
        'executor',
        'which a probe asks',
        (spec) => (container(spec).livenessProbe.httpGet.port = 'health'),
      ],
      [
        'Deployment',
        'executor',
        'is no program of the image',
        (spec) => (container(spec).args = ['services/worker/src/main.ts']),
      ],
      ['Deployment', 'executor', 'sets the number of processes back', (spec) => (spec.replicas = 2)],
      ['Service', 'gateway', 'has no port web', (spec) => (spec.ports[0].targetPort = 'web')],
      ['Service', 'gateway', 'selects the pods of 0', (spec) => (spec.selector = { app: 'gateway' })],
      ['PodDisruptionBudget', 'gateway', 'selects 0', (spec) => (spec.selector.matchLabels = { app: 'gateway' })],
      ['NetworkPolicy', 'gateway', 'has no port web', (spec) => (spec.ingress[0].ports[0].port = 'web')],
      ['NetworkPolicy', 'notifier', 'selects nothing', (spec) => (spec.podSelector.matchLabels = { app: 'notifier' })],
      ['NetworkPolicy', 'notifier', 'lets out to 10.0.0.0/8', (spec) => spec.egress[0].to[0].ipBlock.except.shift()],
      ['NetworkPolicy', 'default-deny', 'denies everything', (spec) => (spec.egress = [{}])],
      ['ScaledObject', 'executor', '49 processes for 48 partitions', (spec) => (spec.maxReplicaCount = 49)],
      [
        'ScaledObject',
        'executor',
        'there is no Deployment executors',
        (spec) => (spec.scaleTargetRef.name = 'executors'),
      ],
      ['ScaledObject', 'notifier', 'scaled twice', (spec) => (spec.scaleTargetRef.name = 'executor')],
      [
        'KafkaUser',
        'nask-gateway',
        'nobody gives the Secret nask-gateway',
        (_spec, all) =>
          all.splice(
            all.findIndex((one) => one.kind === 'KafkaUser' && one.metadata.name === 'nask-gateway'),
            1,
          ),
      ],
    ];

  test.each(broken)('%s %s: "%s" is found', (kind, name, fault, breakIt) => {
    const copy = structuredClone(built.get('production')!);
    breakIt(copy.find((one) => one.kind === kind && one.metadata.name === name)!.spec, copy);
    expect(faultsOf(copy).join('\n')).toMatch(new RegExp(fault));
  });
});

describe('the manifests', () => {
  test.each(overlays)('of the overlay %s are what Kubernetes, KEDA and Strimzi take', (overlay) => {
    const manifests = built.get(overlay)!;
    expect(manifests.length).toBeGreaterThan(20);
    expect(manifests.flatMap(schemaFaults)).toEqual([]);
  });

  const broken: [kind: string, name: string, breakIt: (spec: BreakableSpec) => void, fault: RegExp][] = [
    ['Deployment', 'gateway', (spec) => (spec.replica = 2), /additional properties.*replica/],
    ['Deployment', 'gateway', (spec) => delete spec.selector, /required property 'selector'/],
    [
      'Deployment',
      'executor',
      (spec) => (spec.template.spec.containers[0].ports = [{ containerPort: '8001' }]),
      /integer/,
    ],
    ['Job', 'contract', (spec) => (spec.template.spec.restart = 'Never'), /additional properties.*restart/],
    ['NetworkPolicy', 'notifier', (spec) => (spec.egress[0].to[0].ipBlock.except = '10.0.0.0/8'), /array/],
    ['HorizontalPodAutoscaler', 'gateway', (spec) => delete spec.maxReplicas, /maxReplicas/],
    ['ScaledObject', 'executor', (spec) => (spec.triggers[0].metadata.threshold = 100), /string/],
    ['ScaledObject', 'executor', (spec) => delete spec.scaleTargetRef, /scaleTargetRef/],
    ['Kafka', 'nask', (spec) => (spec.kafka.listeners[0].authentication.type = 'password'), /allowed values/],
    ['KafkaTopic', 'tasks.requested', (spec) => (spec.partitions = 0), />= 1/],
    ['KafkaUser', 'nask-gateway', (spec) => (spec.authorization.acls[0].operations = ['Wrote']), /allowed values/],
  ];

  test.each(broken)('a broken %s %s is found', (kind, name, breakIt, fault) => {
    const found = built.get('production')!.find((one) => one.kind === kind && one.metadata.name === name)!;
    const copy = structuredClone(found);
    breakIt(copy.spec);
    expect(schemaFaults(copy).join('\n')).toMatch(fault);
  });

  test('a kind without a schema is a fault, not a pass', () => {
    expect(schemaFaults({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'stray' } })).toHaveLength(1);
  });
});
