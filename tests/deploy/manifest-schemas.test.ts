import { beforeAll, describe, expect, test } from '@jest/globals';
import { schemaFaults } from './manifest-schemas.ts';
import { buildOverlay, overlays, type BreakableSpec, type Manifest } from './manifests.ts';

const built = new Map<string, Manifest[]>();

beforeAll(async () => {
  for (const overlay of overlays) built.set(overlay, await buildOverlay(overlay));
}, 300_000);

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
