import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { classArchive } from '../installs/class-archive.ts';
import { installOnce, isInstalled } from '../installs/install-cache.ts';
import { kafkaConfig, type KafkaMembership, type KafkaSecurity } from './kafka-config.ts';
import { probeKafka } from './kafka-probe.ts';
import { manageProcess } from '../processes/managed-process.ts';
import { runMaven } from '../installs/maven.ts';
import { pidFile } from '../processes/pid-files.ts';
import { runCommand } from '../processes/run-command.ts';
import { earlyOptimisingCompiler, smallJvm } from '../installs/java.ts';
import type { Progress, Server, ServerFolders } from '../server.ts';
import { findJava, findMaven, required, type ToolCheck } from '../installs/tools.ts';

const product = 'Apache Kafka 4.3.1';
const cacheKey = 'kafka-4.3.1';

/**
 * Apache Kafka: one broker in KRaft mode, its log in the data folder, for clients on this machine.
 * @param options.compiler see small-jvm.ts
 */
export function createKafka(options: {
  folders: ServerFolders;
  port: number;
  controllerPort: number;
  /** See kafkaConfig. */
  advertisedPort?: number;
  membership?: KafkaMembership;
  security?: KafkaSecurity;
  compiler?: readonly string[];
}): Server {
  const { folders, port, controllerPort, advertisedPort, membership, security } = options;
  const { compiler = earlyOptimisingCompiler } = options;
  const dataFolder = join(folders.data, 'kafka');
  const configFile = join(folders.data, 'kafka.properties');
  let java: { program: string; version: string } | undefined;

  async function missingTools() {
    const checks: ToolCheck[] = [await findJava(product)];
    if (!isInstalled(folders.cache, cacheKey)) checks.push(findMaven(`downloading ${product}`));
    return checks.flatMap(({ missing }) => (missing ? [missing] : []));
  }

  async function install(progress: Progress, signal?: AbortSignal): Promise<void> {
    java = required(await findJava(product));
    const installed = await installOnce(folders.cache, cacheKey, async (folder) => {
      progress('downloading (54 MB)');
      const maven = required(findMaven(`downloading ${product}`));
      const outputFolder = join(folder, 'lib');
      const goal = { pom: 'kafka/pom.xml', goal: 'copy-dependencies', outputFolder };
      await runMaven(maven.program, { ...goal, pidFile: pidFile(folders.run, 'kafka-download'), signal });
    });
    await mkdir(folders.data, { recursive: true });
    await writeFile(
      configFile,
      kafkaConfig({ port, controllerPort, advertisedPort, dataFolder, membership, security }),
    );
    if (existsSync(join(dataFolder, 'meta.properties'))) return;
    signal?.throwIfAborted();
    progress('formatting its data folder');
    const clusterId = membership?.clusterId ?? newClusterId();
    const format = ['kafka.tools.StorageTool', 'format', '--ignore-formatted', '--cluster-id', clusterId];
    for (const [user, password] of Object.entries(security?.users ?? {}))
      format.push('--add-scram', `SCRAM-SHA-512=[name=${user},password=${password}]`);
    await runCommand(
      java.program,
      [...smallJvm({ heapMb: 512 }), ...classPath(installed), ...format, '--config', configFile],
      { pidFile: pidFile(folders.run, 'kafka-format'), signal },
    );
  }

  const archive = (javaVersion: string) => classArchive(join(folders.cache, cacheKey), javaVersion);
  const broker = manageProcess({
    name: 'kafka',
    logFile: join(folders.logs, 'kafka.log'),
    pidFile: pidFile(folders.run, 'kafka'),
    startTimeoutMs: 60_000,
    stopTimeoutMs: 15_000,
    command: () => {
      if (!java) throw new Error('install comes before start');
      const flags = [...smallJvm({ heapMb: 512, compiler }), ...archive(java.version).flags()];
      const program = [...classPath(join(folders.cache, cacheKey)), 'kafka.Kafka', configFile];
      return { file: java.program, args: [...flags, ...program] };
    },
    probe: (signal) => probeKafka(port, signal),
  });
  broker.onExit(() => java && archive(java.version).keep());

  return {
    ...broker,
    name: 'kafka',
    product,
    port,
    ports: [port, controllerPort, ...(security === undefined ? [] : [security.saslPort, security.mtlsPort])],
    address: `127.0.0.1:${port}`,
    missingTools,
    install,
  };
}

function classPath(installed: string): string[] {
  const lib = join(installed, 'lib');
  const jars = readdirSync(lib).sort();
  const logging = join(import.meta.dirname, 'log4j2.properties');
  return [`-Dlog4j2.configurationFile=${logging}`, '-cp', jars.map((jar) => join(lib, jar)).join(':')];
}

/** A random cluster id as Kafka writes it: 16 bytes in base64url, without a leading dash. */
export function newClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newClusterId() : id;
}
