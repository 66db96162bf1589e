import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { earlyOptimisingCompiler, javaInstall, smallJvm } from '../installs/java.ts';
import { manageProcess } from '../processes/managed-process.ts';
import { pidFile } from '../processes/pid-files.ts';
import { runCommand } from '../processes/run-command.ts';
import type { Progress, Server, ServerFolders } from '../server.ts';
import { kafkaConfig, type KafkaMembership, type KafkaSecurity } from './kafka-config.ts';

const product = 'Apache Kafka 4.3.1';

/**
 * Apache Kafka: one broker in KRaft mode, its log in the data folder, for clients on this machine.
 * @param options.compiler see installs/java.ts
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
  const pomFile = join(import.meta.dirname, 'pom.xml');
  const program = javaInstall({
    name: 'kafka',
    product,
    cacheKey: 'kafka-4.3.1',
    download: { pomFile, goal: 'copy-dependencies', into: 'lib', sizeMb: 54 },
    folders,
  });

  async function install(progress: Progress, signal?: AbortSignal): Promise<void> {
    await program.install(progress, signal);
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
      program.java(),
      [...smallJvm({ heapMb: 512 }), ...classPath(program.folder), ...format, '--config', configFile],
      { pidFile: pidFile(folders.run, 'kafka-format'), signal },
    );
  }

  const broker = manageProcess({
    name: 'kafka',
    logFile: join(folders.logs, 'kafka.log'),
    pidFile: pidFile(folders.run, 'kafka'),
    startTimeoutMs: 60_000,
    stopTimeoutMs: 15_000,
    command: () => ({
      file: program.java(),
      args: [
        ...smallJvm({ heapMb: 512, compiler }),
        ...program.archiveFlags(),
        ...classPath(program.folder),
        'kafka.Kafka',
        configFile,
      ],
    }),
    probe: (signal) => probeKafka(port, signal),
  });
  broker.onExit(program.keepArchive);

  return {
    ...broker,
    name: 'kafka',
    product,
    port,
    ports: [port, controllerPort, ...(security === undefined ? [] : [security.saslPort, security.mtlsPort])],
    address: `127.0.0.1:${port}`,
    missingTools: program.missingTools,
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

const apiVersionsKey = 18;
const correlationId = 1;

/**
 * Asks a broker which API versions it speaks (Kafka protocol, ApiVersions v0): the first thing any client does, and
 * answered only by a broker that takes requests.
 * @throws when the connection is refused, or the answer is not Kafka's
 */
export async function probeKafka(port: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const socket = connect({ host: '127.0.0.1', port });
  // An error after the answer or the time-out is ignored.
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal });
    socket.write(apiVersionsRequest('probe'));
    const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
    // Size (4 bytes), correlation id (4), error code (2).
    if (answer.length < 10 || answer.readInt32BE(4) !== correlationId) throw new Error('what answers is not Kafka');
    const errorCode = answer.readInt16BE(8);
    if (errorCode !== 0) throw new Error(`Kafka answered with error ${errorCode}`);
  } finally {
    socket.destroy();
  }
}

/** Size, then API key, API version, correlation id and client id; all integers big-endian. */
function apiVersionsRequest(clientId: string): Buffer {
  const request = Buffer.alloc(14 + clientId.length);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(apiVersionsKey, 4);
  request.writeInt16BE(0, 6);
  request.writeInt32BE(correlationId, 8);
  request.writeInt16BE(clientId.length, 12);
  request.write(clientId, 14, 'latin1');
  return request;
}
