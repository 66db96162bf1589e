import { expect, test } from '@jest/globals';
import { silentLogger } from '../../testing/silent-logger.ts';
import { BatchQueue } from './batch-queue.ts';
import { PendingRecord } from './pending-record.ts';
import { createProducerMetrics } from './producer-metrics.ts';
import { SendLoop } from './send-loop.ts';
import type { ProducerSession } from './session.ts';

test('given a topic that has always more to send, when a record for a new topic comes, then it is sent as well', async () => {
  const queue = new BatchQueue<PendingRecord>({ maxRecords: 100, maxBytes: 1_000 });
  const add = (topic: string) => {
    const record = { topic, key: '1', value: Buffer.alloc(0) };
    const pending = new PendingRecord(record, { sizeBytes: 1, alone: false, deadlineMs: 60_000, onSettled() {} });
    queue.add(pending);
    return pending;
  };
  let isBusy = true;
  let last: PendingRecord | undefined;
  const session: ProducerSession = {
    connect: () => Promise.resolve(),
    async send(sent) {
      if (isBusy && sent.some(({ record }) => record.topic === 'busy')) last = add('busy');
      await new Promise((resolve) => setImmediate(resolve));
      return sent.map(() => 0);
    },
    partitionCount: () => Promise.resolve(1),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
    abandon() {},
  };
  const loop = new SendLoop({
    queue,
    batchLimits: { maxRecords: 10, maxBytes: 100, maxBytesPerPartition: 100 },
    openSession: () => session,
    logger: silentLogger,
    metrics: createProducerMetrics(undefined, () => queue.size),
    lookUpTimeoutMs: 1_000,
  });
  const busy = add('busy');
  const running = loop.run();
  await busy.outcome;

  await expect(add('new').outcome).resolves.toMatchObject({ topic: 'new' });

  isBusy = false;
  await last?.outcome;
  loop.end();
  await running;
});
