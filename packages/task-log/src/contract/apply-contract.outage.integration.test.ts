import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isolate, startOwnKafka, startTcpProxy, testServers, type OwnServer } from '@nask/testkit';
import { silentLogger } from '@nask/kafka/testing/silent-logger.ts';
import { connectKafka } from '@nask/kafka';
import { applyContract } from './apply-contract.ts';

let kafka: OwnServer;
beforeAll(async () => {
  kafka = await startOwnKafka();
}, 60_000);
afterAll(() => kafka?.close(), 60_000);

test('the contract ends in time when Kafka goes silent in the middle of it', async () => {
  const { topicPrefix } = isolate('contract-outage');
  const registry = new URL(testServers().registryUrl);
  const registryPort = Number(registry.port);
  // The schemas are registered between the plan and its execution.
  const proxy = await startTcpProxy(() => {
    kafka.signal('SIGSTOP');
    return registryPort;
  });
  registry.port = String(proxy.port);
  try {
    const applying = applyContract({
      connection: connectKafka({ brokers: [kafka.address], clientId: 'test', topicPrefix, logger: silentLogger }),
      registryUrl: registry.href,
      topics: { partitions: 1, replicationFactor: 1, documentRetentionDays: 30 },
      logger: silentLogger,
      waitMs: 8_000,
    });
    await expect(applying).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining("changing Kafka's topics: no answer"),
    });
  } finally {
    kafka.signal('SIGCONT');
    await proxy.close();
  }
}, 25_000);
