/**
 * A consumer in a process of its own, to be killed: the record at offset 0 never ends, all others do at once. Writes the
 * offsets that ended to stdout, one a line.
 *
 * Arguments: brokers, topic prefix, group, topic.
 */
import { connectKafka } from '../src/connection.ts';
import { createParallelConsumer } from '../src/parallel-consumer.ts';
import { silentLogger } from './test-log.ts';

const [brokers, topicPrefix, groupId, topic] = process.argv.slice(2) as [string, string, string, string];
const logger = silentLogger;
const consumer = createParallelConsumer({
  connection: connectKafka({ brokers: brokers.split(','), clientId: 'consumer-process', topicPrefix, logger }),
  groupId,
  topics: [topic],
  logger,
  sessionTimeoutMs: 6_000,
  maxInFlight: 50,
  async handler({ offset }) {
    if (offset === 0) await new Promise(() => {});
    process.stdout.write(`${offset}\n`);
  },
});
await consumer.start();
