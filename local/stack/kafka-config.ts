/** A broker's place in a cluster of several, each of them a controller too. */
export interface KafkaMembership {
  readonly clusterId: string;
  /** From 1. */
  readonly nodeId: number;
  /** The controllers' ports, of node 1 first. */
  readonly controllerPorts: readonly number[];
}

/**
 * The configuration of one Kafka broker that is its own controller (KRaft), for loopback clients only.
 * @param dataFolder where the log is
 * @param membership default: a cluster of its own
 */
export function kafkaConfig(options: {
  port: number;
  controllerPort: number;
  dataFolder: string;
  membership?: KafkaMembership;
}): string {
  const { port, controllerPort, dataFolder, membership } = options;
  const controllerPorts = membership?.controllerPorts ?? [controllerPort];
  const replicas = controllerPorts.length;
  const voters = controllerPorts.map((voter, index) => `${index + 1}@127.0.0.1:${voter}`).join(',');
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': membership?.nodeId ?? 1,
    'controller.quorum.voters': voters,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
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
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
