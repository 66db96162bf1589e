import { setTimeout as sleep } from 'node:timers/promises';
import { connectKafka, createParallelConsumer, createProducer, ProducerError } from '@nask/kafka';
import { eventually, isolate, startOwnKafkaCluster, type OwnKafkaCluster } from '@nask/testkit';
import { silentLogger } from '../packages/kafka/testing/silent-logger.ts';
import { TestLog } from '../packages/kafka/testing/test-log.ts';
import { printTable } from './table.ts';

/*
 * Three brokers, every record on all of them, two in sync to accept one. A producer and a group of two consumers are at
 * work while one broker after the other is killed by SIGKILL and started again: each time leaders move, and once or more
 * the group's coordinator.
 */

const brokers = 3;
const partitions = 6;
const recordsPerSecond = 200;
const awayMs = 6_000;
const backMs = 6_000;
const rounds = 2;
const topic = 'work';

/** True when every record that was acknowledged was handled. */
async function benchCluster(): Promise<boolean> {
  const cluster = await startOwnKafkaCluster(brokers);
  try {
    return await measure(cluster);
  } finally {
    await cluster.close();
  }
}

async function measure(cluster: OwnKafkaCluster): Promise<boolean> {
  const addresses = cluster.brokers.map(({ address }) => address);
  const { topicPrefix } = isolate('bench-cluster');
  const options = { brokers: addresses, clientId: 'bench', topicPrefix, logger: silentLogger };
  const log = new TestLog(options);
  await log.open();
  await log.createTopic(topic, partitions, { replicas: brokers, minInSync: 2 });

  const handled = new Map<string, number>();
  let lastHandledMs = performance.now();
  let longestGapMs = 0;
  const newConsumer = () =>
    createParallelConsumer({
      connection: connectKafka(options),
      logger: silentLogger,
      groupId: `${topicPrefix}group`,
      topics: [topic],
      sessionTimeoutMs: 6_000,
      handler: async ({ key }) => {
        await sleep(Math.random() * 20);
        const nowMs = performance.now();
        longestGapMs = Math.max(longestGapMs, nowMs - lastHandledMs);
        lastHandledMs = nowMs;
        handled.set(key!, (handled.get(key!) ?? 0) + 1);
      },
    });
  const consumers = [newConsumer(), newConsumer()];
  const producer = createProducer({ connection: connectKafka(options), logger: silentLogger, deadlineMs: 30_000 });
  await Promise.all([producer.start(), ...consumers.map((consumer) => consumer.start())]);
  await eventually(() => {
    if (!consumers.every((consumer) => consumer.health().ready)) throw new Error('the group is not complete');
  });
  lastHandledMs = performance.now();

  const sends = sendSteadily(producer);
  for (let round = 0; round < rounds; round += 1)
    for (const broker of cluster.brokers) {
      await broker.kill('SIGKILL');
      await sleep(awayMs);
      await broker.start();
      await sleep(backMs);
    }
  const { acknowledged, refused } = await sends.stop();
  const missing = () => acknowledged.filter((key) => !handled.has(key));
  await eventually(
    () => {
      if (missing().length > 0) throw new Error(`${missing().length} records are not handled`);
    },
    { timeoutMs: 60_000 },
  ).catch((error: unknown) => console.log((error as Error).message));
  await Promise.all([producer.stop(), ...consumers.map((consumer) => consumer.stop())]);
  await log.close();

  const repeated = [...handled.values()].filter((times) => times > 1).length;
  printTable(
    ['brokers killed', 'acknowledged', 'refused', 'not handled', 'handled more than once', 'longest gap, s'],
    [
      [
        String(rounds * brokers),
        ...[acknowledged.length, refused, missing().length, repeated].map(String),
        (longestGapMs / 1_000).toFixed(1),
      ],
    ],
  );
  return acknowledged.length > 0 && missing().length === 0;
}

/** Sends records at a steady rate, whatever becomes of them. */
function sendSteadily(producer: ReturnType<typeof createProducer>) {
  const acknowledged: string[] = [];
  let refused = 0;
  const pending = new Set<Promise<void>>();
  let count = 0;
  const timer = setInterval(() => {
    const key = String((count += 1));
    const sent = producer.send({ topic, key, value: Buffer.from('x'.repeat(200)) }).then(
      () => void acknowledged.push(key),
      (error: unknown) => {
        if (!(error instanceof ProducerError)) throw error;
        refused += 1;
      },
    );
    pending.add(sent);
    void sent.finally(() => pending.delete(sent));
  }, 1_000 / recordsPerSecond);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      return { acknowledged, refused };
    },
  };
}

process.exitCode = (await benchCluster()) ? 0 : 1;
