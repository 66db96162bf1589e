import type { Manifest } from './manifests.ts';
import { hasPort, selects, type Selector, type Workload } from './pods.ts';

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
export function networkFaults(policies: readonly Manifest[], workloads: readonly Workload[]): string[] {
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
