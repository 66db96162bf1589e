/** A broker's place in a cluster of several, each of them a controller too. */
export interface KafkaMembership {
  readonly clusterId: string;
  /** From 1. */
  readonly nodeId: number;
  /** The controllers' ports, of node 1 first. */
  readonly controllerPorts: readonly number[];
}

/** What a broker needs to ask who its clients are; it does so on two listeners beside the open one. */
export interface KafkaSecurity {
  /** Port for TLS and SASL (SCRAM). */
  readonly saslPort: number;
  /** Port for TLS with a client's certificate (mTLS). */
  readonly mtlsPort: number;
  /** The broker's key and certificate in one file (PEM). */
  readonly keyStoreFile: string;
  /** The authority that signs all certificates (PEM). */
  readonly trustStoreFile: string;
  /** Passwords by the users' names. */
  readonly users: Readonly<Record<string, string>>;
}

/**
 * The configuration of one Kafka broker that is its own controller (KRaft), for loopback clients only.
 * @param dataFolder where the log is
 * @param membership default: a cluster of its own
 * @param security listeners for clients that say who they are: what those may do, rules (ACLs) have to allow
 */
export function kafkaConfig(options: {
  port: number;
  controllerPort: number;
  /** Port in `advertised.listeners`: that of a proxy in front of the broker. Default: its own. */
  advertisedPort?: number;
  dataFolder: string;
  membership?: KafkaMembership;
  security?: KafkaSecurity;
}): string {
  const { port, controllerPort, advertisedPort = port, dataFolder, membership, security } = options;
  const controllerPorts = membership?.controllerPorts ?? [controllerPort];
  const replicas = controllerPorts.length;
  const voters = controllerPorts.map((voter, index) => `${index + 1}@127.0.0.1:${voter}`).join(',');
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': membership?.nodeId ?? 1,
    'controller.quorum.voters': voters,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataFolder,

    // What Kafka keeps for itself is on every broker, and has few partitions, which start faster.
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,

    // Topics are the contract's business: a wrong name is an error.
    'auto.create.topics.enable': 'false',
    // A group is complete as soon as its first member is there.
    'group.initial.rebalance.delay.ms': 0,
    // Room for the map of completed records in a commit (default 4,096): see packages/kafka.
    'offset.metadata.max.bytes': 65_536,
    // Positions outlive the records of any topic: 90 days.
    'offsets.retention.minutes': 90 * 24 * 60,
    // A broker that was killed is let in again this long after (default 9,000).
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    // Compaction’s buffer, 128 MB by default, must fit the small heap.
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    ...(security === undefined ? {} : securitySettings(port, controllerPort, security)),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function securitySettings(
  port: number,
  controllerPort: number,
  { saslPort, mtlsPort, keyStoreFile, trustStoreFile }: KafkaSecurity,
): Record<string, string> {
  const listeners = [
    `PLAINTEXT://127.0.0.1:${port}`,
    `SASL_SSL://127.0.0.1:${saslPort}`,
    `SSL://127.0.0.1:${mtlsPort}`,
  ].join(',');
  return {
    listeners: `${listeners},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keyStoreFile,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': trustStoreFile,
    'listener.name.ssl.ssl.client.auth': 'required',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // Whoever comes over the open listener, the controller among them.
    'super.users': 'User:ANONYMOUS',
  };
}
