import { expect, test } from '@jest/globals';
import { silentLogger } from '../../testing/silent-logger.ts';
import { createAcknowledgedWrites, createProducer } from './group-commit-producer.ts';
import { connectKafka } from '../connection.ts';

const record = { topic: 't', key: '1', value: Buffer.from('x') };

test('while Kafka is away and the queue is full, a thousand writes warn once a second, back off, and end with their signal', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = { ...silentLogger, warn: (line: object | string) => void lines.push(line as Record<string, unknown>) };
  // A port that nothing listens on.
  const connection = connectKafka({
    brokers: ['127.0.0.1:1'],
    clientId: 'test',
    topicPrefix: '',
    logger: silentLogger,
  });
  const producer = createProducer({ connection, logger: silentLogger, maxQueuedRecords: 10, deadlineMs: 300 });
  await producer.start();
  const abort = new AbortController();
  let attempts = 0;
  const send = () => {
    attempts += 1;
    return producer.send(record);
  };
  const write = createAcknowledgedWrites(logger);
  const startMs = performance.now();
  const writes = Array.from({ length: 1_000 }, (_, id) => write(send, abort.signal, { task_id: id }));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  abort.abort(new Error('stopped'));
  expect(await Promise.allSettled(writes)).toEqual(
    writes.map(() => ({ status: 'rejected', reason: abort.signal.reason })),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  expect(lines.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  expect(lines[0]).toMatchObject({ task_id: 10, err: { code: 'QUEUE_FULL' }, failures: 1, suppressed: 0 });
  expect(lines[1]).toMatchObject({ suppressed: expect.any(Number) });
  // At once, after 0.5 to 1 s, after 1 to 2 s more: with the backoff of other failures it were thousands.
  expect(attempts).toBeLessThan(1_000 * (2 + seconds));
  await producer.stop();
});
