import type { EngineOptions } from '../../src/consumer/engine.ts';
import { Engine } from '../../src/consumer/engine.ts';
import type { Commit } from '../../src/consumer/group/group-client.ts';
import { RecordDispatcher, type RecordHandler } from '../../src/consumer/dispatch/record-dispatcher.ts';
import { silentLogger } from '../silent-logger.ts';
import { SimulatedBroker } from './simulated-broker.ts';
import { SimulatedGroupClient } from './simulated-group-client.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { VirtualTime } from './virtual-time.ts';

/** One consumer of one topic, `work`, on a simulated broker in virtual time. */
export class SimulatedConsumer {
  readonly time = new VirtualTime(1);
  readonly commits: Commit[] = [];
  readonly broker: SimulatedBroker;
  readonly client: SimulatedGroupClient;
  readonly engine: Engine;

  constructor(
    handler: RecordHandler,
    options: Partial<EngineOptions> & { maxInFlight?: number; maxInFlightBytes?: number; partitions?: number } = {},
  ) {
    this.broker = new SimulatedBroker({
      time: this.time,
      topics: new Map([['work', options.partitions ?? 1]]),
      sessionTimeoutMs: 3_000,
      rebalanceTimeoutMs: 4_000,
      onCommit: (commit) => this.commits.push(commit),
      onExpelled: () => undefined,
    });
    const process = new SimulatedProcess(this.time);
    this.client = new SimulatedGroupClient({ time: this.time, process, broker: this.broker, instance: 'consumer' });
    this.engine = new Engine({
      client: this.client,
      scheduler: process,
      logger: silentLogger,
      owner: 'consumer',
      observer: { ended() {}, retried() {}, committed() {}, rebalanced() {} },
      buffer: { maxRecords: 1_000, maxBytes: 1_000_000 },
      commitIntervalMs: 200,
      maxMetadataLength: 4_096,
      retryBackoff: { initialMs: 100, maxMs: 10_000 },
      handOverTimeoutMs: 5_000,
      publishDeadLetter: () => Promise.resolve(),
      onFatal: () => undefined,
      createDispatcher: (host) =>
        new RecordDispatcher({
          handler,
          ordering: 'unordered',
          maxInFlight: () => options.maxInFlight ?? 10,
          maxInFlightBytes: options.maxInFlightBytes ?? 1_000_000,
          host,
        }),
      ...options,
    });
  }

  append(count: number, partition = 0): void {
    for (let index = 0; index < count; index += 1) this.broker.append({ topic: 'work', partition }, `key-${index}`, 0);
  }

  start(): void {
    this.client.start(this.engine);
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.time.nowMs() + ms;
    await this.time.runUntil(() => this.time.nowMs() >= untilMs, untilMs + 60_000);
  }
}
