import { setTimeout as sleep } from 'node:timers/promises';
import { connectKafka, createParallelConsumer } from '@nask/kafka';
import { isolate } from '@nask/testkit';
import { silentLogger } from '../packages/kafka/testing/silent-logger.ts';
import { TestLog } from '../packages/kafka/testing/test-log.ts';
import { withKafka } from './servers.ts';
import { printTable } from './table.ts';

/*
 * What a consumer gains by handling records side by side: the same messages of one partition, each of which takes 0 to
 * 5 ms, one at a time and in parallel. It is the comparison that Confluent's Parallel Consumer publishes of itself.
 */

const messages = 10_000;
const keys = 1_000;
const maxSleepMs = 5;
const topic = 'work';

interface Mode {
  name: string;
  ordering: 'unordered' | 'key';
  maxInFlight: number;
  /** How much faster than one at a time Confluent's engine is; null for the measure itself. */
  ratioToBeat: number | null;
}

const modes: readonly Mode[] = [
  { name: 'one at a time', ordering: 'unordered', maxInFlight: 1, ratioToBeat: null },
  { name: 'unordered', ordering: 'unordered', maxInFlight: 100, ratioToBeat: 22.2 / 2.1 },
  { name: `by key (${keys.toLocaleString('en')})`, ordering: 'key', maxInFlight: 100, ratioToBeat: 22.2 / 2.8 },
];

interface Figures {
  seconds: number;
  cpuSeconds: number;
}

/** True when each mode is ahead of Confluent's engine by its ratio. */
function benchConsumer(): Promise<boolean> {
  return withKafka(async (brokers) => {
    const { topicPrefix } = isolate('bench-consumer');
    const log = new TestLog({ brokers, topicPrefix });
    await log.open();
    try {
      await fill(log);
      const connection = connectKafka({ brokers, clientId: 'bench', topicPrefix, logger: silentLogger });
      const figures: Figures[] = [];
      for (const mode of modes)
        figures.push(await measure(connection, `${topicPrefix}${mode.maxInFlight}-${mode.ordering}`, mode));
      return report(figures);
    } finally {
      await log.close();
    }
  });
}

async function fill(log: TestLog): Promise<void> {
  await log.createTopic(topic, 1);
  const value = 'x'.repeat(200);
  const batch = 1_000;
  for (let from = 0; from < messages; from += batch) {
    await log.append(
      topic,
      0,
      Array.from({ length: batch }, (_, i) => ({ key: `key-${(from + i) % keys}`, value })),
    );
  }
}

/** From the start of a consumer, joining its group included, to the end of the last message. */
async function measure(
  connection: ReturnType<typeof connectKafka>,
  groupId: string,
  { ordering, maxInFlight }: Mode,
): Promise<Figures> {
  const sleepsMs = pseudoRandomSleeps(messages);
  const all = Promise.withResolvers<void>();
  let ended = 0;
  const consumer = createParallelConsumer({
    connection,
    groupId,
    topics: [topic],
    logger: silentLogger,
    ordering,
    maxInFlight,
    async handler({ offset }) {
      const sleepMs = sleepsMs[offset]!;
      if (sleepMs > 0) await sleep(sleepMs);
      ended += 1;
      if (ended === messages) all.resolve();
    },
  });
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  await consumer.start();
  await all.promise;
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await consumer.stop();
  return { seconds, cpuSeconds: (user + system) / 1_000_000 };
}

/** Whole milliseconds from 0 to maxSleepMs, the same at each call (Park and Miller's generator). */
function pseudoRandomSleeps(count: number): number[] {
  let state = 20_240_601;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % (maxSleepMs + 1);
  });
}

function report(figures: Figures[]): boolean {
  const alone = figures[0]!.seconds;
  const ratios = figures.map(({ seconds }) => alone / seconds);
  printTable(
    ['mode', 'seconds', 'ratio', 'to beat', 'CPU seconds'],
    modes.map(({ name, ratioToBeat }, i) => [
      name,
      figures[i]!.seconds.toFixed(2),
      ratios[i]!.toFixed(1),
      ratioToBeat?.toFixed(1) ?? '',
      figures[i]!.cpuSeconds.toFixed(2),
    ]),
  );
  return modes.every(({ ratioToBeat }, i) => ratioToBeat === null || ratios[i]! > ratioToBeat);
}

process.exitCode = (await benchConsumer()) ? 0 : 1;
