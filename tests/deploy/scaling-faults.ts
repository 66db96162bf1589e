import type { Manifest } from './manifests.ts';
import type { Workload } from './pods.ts';

interface Scaler {
  scaleTargetRef: { name: string };
  maxReplicaCount?: number;
  maxReplicas?: number;
}

/** What is wrong with the autoscalers: their targets, and how many processes there may be. */
export function scalingFaults(
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
