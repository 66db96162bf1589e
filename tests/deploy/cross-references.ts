import { isServiceName, serviceNames } from '@nask/dev-stack';
import { containerFaults, type GivenSecrets } from './container-faults.ts';
import type { Manifest } from './manifests.ts';
import { hasPort, selects, workloadsOf, type Selector, type Workload } from './pods.ts';

/** What does not fit together in the manifests of one overlay: one line for each fault. */
export function crossReferenceFaults(manifests: readonly Manifest[], secrets: GivenSecrets): string[] {
  const workloads = workloadsOf(manifests);
  const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
  return [
    ...serviceNames
      .filter((name) => !workloads.some((workload) => workload.name === name))
      .map((name) => `there is no ${name}`),
    ...workloads.flatMap((workload) => workloadFaults(workload, ofKind('ServiceAccount'))),
    ...workloads.flatMap((workload) => containerFaults(workload, ofKind('ConfigMap'), secrets)),
    ...ofKind('Service').flatMap((service) => serviceFaults(service, workloads)),
    ...ofKind('PodDisruptionBudget').flatMap((budget) => budgetFaults(budget, workloads)),
    ...serviceNames
      .filter((name) => !ofKind('PodDisruptionBudget').some(({ metadata }) => metadata.name === name))
      .map((name) => `${name} has no PodDisruptionBudget`),
    ...networkFaults(ofKind('NetworkPolicy'), workloads),
    ...scalingFaults([...ofKind('HorizontalPodAutoscaler'), ...ofKind('ScaledObject')], workloads, ofKind('ConfigMap')),
  ];
}

function workloadFaults({ name, kind, pod }: Workload, accounts: readonly Manifest[]): string[] {
  const faults: string[] = [];
  const must = (isTrue: boolean, fault: string) => void (isTrue || faults.push(`${kind} ${name}: ${fault}`));
  must(pod.automountServiceAccountToken === false, 'its pods get a token of the API');
  must(pod.securityContext?.runAsNonRoot === true, 'may run as root');
  must(pod.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'has no seccomp profile');
  if (!isServiceName(name)) return faults;

  must(
    accounts.some(({ metadata }) => metadata.name === pod.serviceAccountName),
    `there is no ServiceAccount ${pod.serviceAccountName}`,
  );
  must((pod.topologySpreadConstraints ?? []).length > 0, 'is not spread');
  const waits = pod.initContainers?.some(
    ({ args = [] }) => args[0]?.endsWith('/await-contract-cli.ts') && args[1] === name,
  );
  must(waits === true, 'does not wait for the contract');
  return faults;
}

function serviceFaults({ metadata, spec }: Manifest, workloads: readonly Workload[]): string[] {
  const { selector, ports } = spec as { selector: Record<string, string>; ports: { targetPort: string }[] };
  const chosen = workloads.filter(({ labels }) => selects({ matchLabels: selector }, labels));
  if (chosen.length !== 1) return [`Service ${metadata.name} selects the pods of ${chosen.length} workloads`];
  return ports
    .filter(({ targetPort }) => !chosen[0]!.pod.containers.some((container) => hasPort(container, targetPort)))
    .map(({ targetPort }) => `Service ${metadata.name}: ${chosen[0]!.name} has no port ${targetPort}`);
}

function budgetFaults({ metadata, spec }: Manifest, workloads: readonly Workload[]): string[] {
  const { selector } = spec as { selector: Selector };
  const chosen = workloads.filter(({ labels }) => selects(selector, labels));
  return chosen.length === 1 ? [] : [`PodDisruptionBudget ${metadata.name} selects ${chosen.length} workloads`];
}

interface Policy {
  podSelector: Selector;
  policyTypes: string[];
  ingress?: { ports?: { port?: string | number }[] }[];
  egress?: { to?: { ipBlock?: { cidr: string; except?: string[] } }[] }[];
}

const privateRanges = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '127.0.0.0/8',
  '100.64.0.0/10',
];

/** What is wrong with who may talk to whom. */
function networkFaults(policies: readonly Manifest[], workloads: readonly Workload[]): string[] {
  const faults: string[] = [];
  const isDenyAll = ({ podSelector, policyTypes, ingress, egress }: Policy) =>
    Object.keys(podSelector).length === 0 && policyTypes.length === 2 && ingress === undefined && egress === undefined;
  if (!policies.some(({ spec }) => isDenyAll(spec as Policy))) faults.push('no NetworkPolicy denies everything');
  for (const { metadata, spec } of policies) {
    const { podSelector, ingress = [], egress = [] } = spec as Policy;
    const chosen = workloads.filter(({ labels }) => selects(podSelector, labels));
    const isOfStrimzi = podSelector.matchLabels?.['strimzi.io/cluster'] !== undefined;
    if (chosen.length === 0 && !isOfStrimzi) faults.push(`NetworkPolicy ${metadata.name} selects nothing`);
    for (const { port } of ingress.flatMap(({ ports = [] }) => ports))
      for (const { name, pod } of chosen)
        if (port !== undefined && !pod.containers.some((container) => hasPort(container, port)))
          faults.push(`NetworkPolicy ${metadata.name}: ${name} has no port ${port}`);
    for (const { ipBlock } of egress.flatMap(({ to = [] }) => to))
      if (ipBlock?.cidr === '0.0.0.0/0')
        for (const range of privateRanges)
          if (!ipBlock.except?.includes(range)) faults.push(`NetworkPolicy ${metadata.name} lets out to ${range}`);
  }
  return faults;
}

interface Scaler {
  scaleTargetRef: { name: string };
  maxReplicaCount?: number;
  maxReplicas?: number;
}

/** What is wrong with the autoscalers: their targets, and how many processes there may be. */
function scalingFaults(
  scalers: readonly Manifest[],
  workloads: readonly Workload[],
  configMaps: readonly Manifest[],
): string[] {
  const partitions = Number(configMaps.flatMap(({ data }) => data?.['TOPIC_PARTITIONS'] ?? [])[0] ?? NaN);
  const targets = new Set<string>();
  return scalers.flatMap(({ kind, metadata, spec }) => {
    const { scaleTargetRef, maxReplicaCount } = spec as Scaler;
    const target = workloads.find(
      (workload) => workload.kind === 'Deployment' && workload.name === scaleTargetRef.name,
    );
    const faults: string[] = [];
    const must = (isTrue: boolean, fault: string) => void (isTrue || faults.push(`${kind} ${metadata.name}: ${fault}`));
    must(target !== undefined, `there is no Deployment ${scaleTargetRef.name}`);
    must(target?.replicas === undefined, `its Deployment sets the number of processes back to ${target?.replicas}`);
    must(!targets.has(scaleTargetRef.name), `${scaleTargetRef.name} is scaled twice`);
    targets.add(scaleTargetRef.name);
    if (kind === 'ScaledObject')
      must((maxReplicaCount ?? 100) <= partitions, `${maxReplicaCount} processes for ${partitions} partitions`);
    return faults;
  });
}
