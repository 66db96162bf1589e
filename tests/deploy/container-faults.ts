import { isServiceName } from '@nask/dev-stack';
import type { Manifest } from './manifests.ts';
import { environmentFaults } from './programs.ts';
import { hasPort, type Container, type Workload } from './pods.ts';

/** Keys of Secrets that are not among the manifests, by Secret: somebody or something else puts them there. */
export type GivenSecrets = ReadonlyMap<string, readonly string[]>;

/** What is wrong with the containers of a workload: fences, resources, probes, and what they are told. */
export function containerFaults(workload: Workload, configMaps: readonly Manifest[], secrets: GivenSecrets): string[] {
  const { pod } = workload;
  const mounts = new Set(pod.volumes?.map(({ name }) => name));
  return [...(pod.initContainers ?? []), ...pod.containers].flatMap((container) => {
    const faults: string[] = [];
    const must = (isTrue: boolean, fault: string) =>
      void (isTrue || faults.push(`${workload.name}/${container.name}: ${fault}`));
    must(container.securityContext?.allowPrivilegeEscalation === false, 'may get more privileges');
    must(container.securityContext?.capabilities?.drop?.includes('ALL') === true, 'keeps capabilities');
    must(/^[^:@]+:[\w.-]*\d[\w.-]*$/.test(container.image), `${container.image} is not pinned by version`);
    must(container.resources?.requests?.memory !== undefined, 'does not say how much memory it needs');
    must(container.resources?.limits?.memory !== undefined, 'has no limit of memory');
    for (const { name } of container.volumeMounts ?? [])
      must(mounts.has(name) || workload.kind === 'StatefulSet', `there is no volume ${name}`);
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
      must(port === undefined || hasPort(container, port), `has no port ${port}, which a probe asks`);
    }
    if (container.image.startsWith('nask-task:')) faults.push(...ownFaults(workload, container, configMaps, secrets));
    return faults;
  });
}

function ownFaults(
  { name, pod }: Workload,
  container: Container,
  configMaps: readonly Manifest[],
  secrets: GivenSecrets,
): string[] {
  const faults: string[] = [];
  const must = (isTrue: boolean, fault: string) => void (isTrue || faults.push(`${name}/${container.name}: ${fault}`));
  must(container.securityContext?.readOnlyRootFilesystem === true, 'has a root file system that can be written');

  const environment = new Map<string, string | undefined>();
  for (const { configMapRef } of container.envFrom ?? []) {
    const data = configMaps.find(({ metadata }) => metadata.name === configMapRef?.name)?.data;
    must(data !== undefined, `there is no ConfigMap ${configMapRef?.name}`);
    for (const [key, value] of Object.entries(data ?? {})) environment.set(key, value);
  }
  for (const { name: variable, value, valueFrom } of container.env ?? []) {
    environment.set(variable, value);
    const secret = valueFrom?.secretKeyRef;
    if (secret !== undefined)
      must(
        secrets.get(secret.name)?.includes(secret.key) === true,
        `nobody gives the Secret ${secret.name}, key ${secret.key}`,
      );
  }
  for (const { name: volume, secret } of pod.volumes ?? [])
    for (const { key } of secret?.items ?? [])
      must(
        secrets.get(secret!.secretName)?.includes(key) === true,
        `nobody gives the Secret of volume ${volume}, key ${key}`,
      );
  for (const [variable, value] of environment)
    if (variable.endsWith('_FILE') && value !== undefined)
      must(mountedFiles(container, pod).includes(value), `${variable}=${value} is no file of a mounted Secret`);
  for (const fault of environmentFaults(container.args?.[0] ?? '', environment)) must(false, fault);

  if (!isServiceName(container.name)) return faults;
  must(container.startupProbe !== undefined && container.livenessProbe !== undefined, 'is not asked whether it lives');
  must(container.readinessProbe?.httpGet?.path === '/readyz', 'is not asked whether it is ready');
  const stopSeconds = Number(environment.get('SHUTDOWN_GRACE_MS') ?? NaN) / 1_000;
  const preStopSeconds = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
  must(
    (pod.terminationGracePeriodSeconds ?? 30) > stopSeconds + preStopSeconds,
    `is killed after ${pod.terminationGracePeriodSeconds} s, while its drain may take ${stopSeconds + preStopSeconds} s`,
  );
  return faults;
}

function mountedFiles({ volumeMounts = [] }: Container, { volumes = [] }: Workload['pod']): string[] {
  return volumeMounts.flatMap(({ name, mountPath }) => {
    const items = volumes.find((volume) => volume.name === name)?.secret?.items ?? [];
    return items.map(({ path }) => `${mountPath}/${path}`);
  });
}
