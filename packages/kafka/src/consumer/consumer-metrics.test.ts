import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { SimulatedConsumer } from '../../testing/simulation/simulated-consumer.ts';
import { exposeConsumer, observeConsumer } from './consumer-metrics.ts';
import { DeadLetterError } from './dispatch/dispatcher.ts';

describe('metrics of a consumer', () => {
  test('tell what is done, what runs, what waits, and how far behind it is', async () => {
    const registry = new Registry();
    const consumer = new SimulatedConsumer(
      async ({ offset }) => {
        if (offset === 0) await new Promise(() => undefined);
        if (offset === 3) throw new DeadLetterError('bad');
      },
      { observer: observeConsumer(registry, 'workers') },
    );
    exposeConsumer(registry, 'workers', consumer.engine, () => consumer.time.nowMs());
    consumer.append(5);
    consumer.start();
    await consumer.pass(10_000);

    const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines).toEqual(
      expect.arrayContaining([
        'kafka_consumer_records_total{group="workers",topic="work",outcome="done"} 3',
        'kafka_consumer_records_total{group="workers",topic="work",outcome="dead-letter"} 1',
        'kafka_consumer_commits_total{group="workers",outcome="ok"} 1',
        'kafka_consumer_rebalances_total{group="workers"} 1',
        'kafka_consumer_lag_records{group="workers",topic="work",partition="0"} 5',
        'kafka_consumer_untouched_records{group="workers",topic="work",partition="0"} 0',
        expect.stringMatching(/^kafka_consumer_lag_seconds\{.*\} 10(\.\d+)?$/),
        'kafka_consumer_in_flight{group="workers",topic="work"} 1',
        'kafka_consumer_buffered_records{group="workers"} 0',
        'kafka_consumer_assigned_partitions{group="workers"} 1',
        'kafka_consumer_paused_partitions{group="workers"} 0',
        'kafka_consumer_stopped_partitions{group="workers"} 0',
      ]),
    );
  });

  test('of several consumers share a registry, and a partition that is gone is not told any more', async () => {
    const registry = new Registry();
    const [first, second] = ['a', 'b'].map((group) => {
      const consumer = new SimulatedConsumer(() => Promise.resolve(), { observer: observeConsumer(registry, group) });
      exposeConsumer(registry, group, consumer.engine, () => 0);
      consumer.start();
      return consumer;
    });
    await first!.pass(1_000);
    await second!.pass(1_000);
    expect(await registry.getSingleMetricAsString('kafka_consumer_lag_records')).toContain('{group="b",topic="work"');

    second!.engine.assigned({ memberId: 'other', generation: 9 }, []);
    const told = await registry.getSingleMetricAsString('kafka_consumer_lag_records');
    expect(told).toContain('{group="a",topic="work"');
    expect(told).not.toContain('{group="b"');
  });
});
