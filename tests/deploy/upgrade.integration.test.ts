import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { buildFolder, buildOverlay, schemaFaults, type Manifest } from './manifests.ts';
import { selects, workloadsOf, type Selector, type Workload } from './pods.ts';

/** The copy of projector 0.1 that docs/upgrading.md makes, of the Deployment as `kubectl get --output yaml` prints it. */
let folder: string;
let production: Manifest[];
let original: Manifest & { spec: { selector: Selector } };
let copy: Manifest & { spec: { selector: Selector } };
let pods: Workload;

beforeAll(async () => {
  production = await buildOverlay('production');
  original = production.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'projector',
  ) as typeof original;
  folder = await mkdtemp(join(tmpdir(), 'nask-upgrade-'));
  const kustomization = join(import.meta.dirname, '..', '..', 'k8s', 'upgrade', 'projector-v1', 'kustomization.yaml');
  await copyFile(kustomization, join(folder, 'kustomization.yaml'));
  await writeFile(join(folder, 'projector.yaml'), stringify(asServed(original)));
  const built = await buildFolder(folder);
  copy = built[0] as typeof copy;
  pods = workloadsOf(built)[0]!;
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** With what the API server adds. */
function asServed({ metadata, ...deployment }: Manifest): object {
  return {
    ...deployment,
    metadata: {
      ...metadata,
      annotations: { 'deployment.kubernetes.io/revision': '7' },
      creationTimestamp: '2026-11-28T00:00:00Z',
      generation: 7,
      resourceVersion: '1234',
      uid: '7e9b6a0e-5f0c-4a51-8d4c-3c5d1a0d9f10',
    },
    status: { observedGeneration: 7, replicas: 2 },
  };
}

test('is a Deployment of its own that Kubernetes takes, with the image and the settings of the original', () => {
  expect(schemaFaults(copy)).toEqual([]);
  expect(Object.keys(copy).toSorted()).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
  expect(Object.keys(copy.metadata).toSorted()).toEqual(['annotations', 'labels', 'name', 'namespace']);
  expect(copy.metadata.name).toBe('projector-v1');
  expect(pods.pod.containers).toEqual(workloadsOf([original])[0]!.pod.containers);
});

test('selects its own pods alone', () => {
  expect(selects(copy.spec.selector, pods.labels)).toBe(true);
  expect(workloadsOf(production).filter(({ labels }) => selects(copy.spec.selector, labels))).toEqual([]);
});

test('has the network policies and the disruption budget of the original', () => {
  const selectedBy = (labels: Record<string, string>) =>
    production
      .filter(({ kind }) => kind === 'NetworkPolicy' || kind === 'PodDisruptionBudget')
      .filter(({ spec }) => {
        const { podSelector, selector } = spec as { podSelector?: Selector; selector?: Selector };
        return selects((podSelector ?? selector)!, labels);
      })
      .map(({ metadata }) => metadata.name);
  expect(selectedBy(pods.labels)).toEqual(selectedBy(workloadsOf([original])[0]!.labels));
  expect(selectedBy(pods.labels)).toEqual(expect.arrayContaining(['to-mongodb', 'to-kafka', 'projector']));
});
