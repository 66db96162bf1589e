/** The process that consumer-process.ts starts. Its one argument is a ConsumerProcessOptions in JSON. */
import { connectKafka } from '../src/connection.ts';
import { createParallelConsumer } from '../src/consumer/parallel-consumer.ts';
import type { ConsumerProcessOptions } from './consumer-process.ts';
import { silentLogger } from './silent-logger.ts';

const options = JSON.parse(process.argv[2] ?? '') as ConsumerProcessOptions;
const { brokers, topicPrefix, groupId, topic, holdsHead, maxWorkMs, sessionTimeoutMs = 6_000 } = options;

const say = (what: string, value: string | boolean) => process.stdout.write(`${what} ${value}\n`);
const consumer = createParallelConsumer({
  connection: connectKafka({ brokers, clientId: 'consumer-process', topicPrefix, logger: silentLogger }),
  groupId,
  topics: [topic],
  logger: silentLogger,
  sessionTimeoutMs,
  heartbeatIntervalMs: 200,
  maxInFlight: 50,
  async handler({ partition, offset }, { signal }) {
    say('began', `${partition}/${offset}`);
    if (holdsHead && offset === 0) await new Promise(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * maxWorkMs));
    signal.throwIfAborted();
    say('ended', `${partition}/${offset}`);
  },
});
let wasReady = false;
setInterval(() => {
  const { ready } = consumer.health();
  if (ready !== wasReady) say('ready', ready);
  wasReady = ready;
}, 20).unref();
process.once('SIGTERM', () => void consumer.stop());
await consumer.start();
