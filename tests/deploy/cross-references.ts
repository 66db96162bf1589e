import { containerFaults, type GivenSecrets } from './container-faults.ts';
import type { Manifest } from './manifests.ts';
import { networkFaults } from './network-faults.ts';
import { hasPort, selects, services, workloadsOf, type Selector, type Workload } from './pods.ts';
import { scalingFaults } from './scaling-faults.ts';

/** What does not fit together in the manifests of one overlay: one line for each fault. */
export function crossReferenceFaults(manifests: readonly Manifest[], secrets: GivenSecrets): string[] {
  const workloads = workloadsOf(manifests);
  const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
  return [
    ...services
      .filter((name) => !workloads.some((workload) => workload.name === name))
      .map((name) => `there is no ${name}`),
    ...workloads.flatMap((workload) => workloadFaults(workload, ofKind('ServiceAccount'))),
    ...workloads.flatMap((workload) => containerFaults(workload, ofKind('ConfigMap'), secrets)),
    ...ofKind('Service').flatMap((service) => serviceFaults(service, workloads)),
    ...ofKind('PodDisruptionBudget').flatMap((budget) => budgetFaults(budget, workloads)),
    ...services
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
  if (!services.includes(name)) return faults;

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
