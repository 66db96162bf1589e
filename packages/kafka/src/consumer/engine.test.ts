import { describe, expect, test } from '@jest/globals';
import { SimulatedConsumer } from '../../testing/simulation/simulated-consumer.ts';
import { consumerHealth } from './consumer-health.ts';
import { decodeCommitMetadata } from './partitions/offset-map.ts';
import { DeadLetterError, DeadLettersExhaustedError, FatalConsumerError } from './dispatch/dispatcher.ts';
import { MetadataTooLargeError } from './group/group-client.ts';

const minuteMs = 60_000;
const never = () => new Promise<void>(() => undefined);

function health(consumer: SimulatedConsumer) {
  return consumerHealth(consumer.engine, { nowMs: consumer.time.nowMs(), progressTimeoutMs: minuteMs, batches: false });
}

describe('intake', () => {
  test('stops at the limit of the buffer, and goes on when half of it is free', async () => {
    const gates: (() => void)[] = [];
    const consumer = new SimulatedConsumer(() => new Promise((resolve) => gates.push(resolve)), {
      buffer: { maxRecords: 30, maxBytes: 1_000_000 },
      maxInFlight: 10,
    });
    consumer.append(200);
    consumer.start();
    await consumer.pass(1_000);

    const [partition] = consumer.engine.assignments.partitions;
    // Ten run; of two fetches of twenty, thirty wait.
    expect(partition).toMatchObject({ running: 10, bufferedRecords: 30, paused: true, fetchPosition: 40 });

    for (const open of gates.splice(0)) open();
    await consumer.pass(1_000);
    expect(partition).toMatchObject({ running: 10, bufferedRecords: 20, paused: true });
    for (const open of gates.splice(0)) open();
    await consumer.pass(1_000);
    expect(partition).toMatchObject({ running: 10, bufferedRecords: 30, paused: true });
  });

  test('goes on when all that waited was started, though nothing has ended', async () => {
    const consumer = new SimulatedConsumer(never, { buffer: { maxRecords: 10, maxBytes: 1_000_000 }, maxInFlight: 90 });
    consumer.append(200);
    consumer.start();
    await consumer.pass(2_000);
    expect(consumer.engine.inFlight.get('work')).toBe(90);
  });

  test('starts no more when what runs is as large as it may be', async () => {
    const consumer = new SimulatedConsumer(never, { maxInFlight: 90, maxInFlightBytes: 1_000 });
    consumer.append(90);
    consumer.start();
    await consumer.pass(2_000);
    // Each takes 310 bytes and its key twice; the fourth goes over the limit.
    expect(consumer.engine.inFlight.get('work')).toBe(4);
  });

  test('stops before the offset map could not be written any more, and goes on once the head has ended', async () => {
    const head = Promise.withResolvers<void>();
    const ended: number[] = [];
    const consumer = new SimulatedConsumer(
      async ({ offset }) => {
        if (offset === 0) await head.promise;
        // Every second one: no run lengths to speak of.
        if (offset % 2 === 1 && offset < 200) await head.promise;
        ended.push(offset);
      },
      { maxMetadataLength: 33, maxInFlight: 1_000 },
    );
    consumer.append(300);
    consumer.start();
    await consumer.pass(5_000);

    const [partition] = consumer.engine.assignments.partitions;
    // 33 characters, 13 of them the version, owner and state: a letter and 19 of base64 are 14 bytes, 112 offsets.
    expect(partition?.tracker.next).toBe(112);
    expect(consumer.commits.at(-1)?.metadata.length).toBe(33);

    head.resolve();
    await consumer.pass(5_000);
    expect(ended).toHaveLength(300);
    expect(consumer.commits.at(-1)?.offset).toBe(300);
  });

  test('begins anew at the start when the log is another one, shorter than what was read', async () => {
    const seen: number[] = [];
    const consumer = new SimulatedConsumer(async ({ offset }) => void seen.push(offset));
    consumer.append(20);
    consumer.start();
    await consumer.pass(2_000);
    expect(seen).toHaveLength(20);

    const batch = { topic: 'work', partition: 0, fetchedOffset: 0, records: [], nextOffset: 5, highWatermark: 5 };
    expect(consumer.engine.fetched(batch)).toBe(false);
    expect(consumer.engine.assignments.partitions[0]?.status).toBe('loading');
    await consumer.pass(2_000);
    expect(consumer.engine.assignments.partitions[0]?.status).toBe('flowing');
  });

  test('goes past what retention took, and says again what is done', async () => {
    const head = Promise.withResolvers<void>();
    const consumer = new SimulatedConsumer(({ offset }) => (offset === 0 ? head.promise : Promise.resolve()));
    consumer.append(20);
    consumer.start();
    await consumer.pass(2_000);
    const commits = consumer.commits.length;

    const batch = { topic: 'work', partition: 0, fetchedOffset: 50, records: [], nextOffset: 50, highWatermark: 50 };
    consumer.engine.fetched(batch);
    await consumer.pass(1_000);

    expect(consumer.commits.length).toBeGreaterThan(commits);
    expect(consumer.commits.at(-1)?.offset).toBe(0);
    expect(decodeCommitMetadata(consumer.commits.at(-1)!.metadata)?.runs).toEqual([1, 49]);
  });
});

describe('handlers', () => {
  test('what fails is tried again in its place, ever later, while others go on', async () => {
    const attemptsMs: number[] = [];
    const ended: number[] = [];
    const consumer = new SimulatedConsumer(async ({ offset }) => {
      if (offset === 1) attemptsMs.push(consumer.time.nowMs());
      if (offset === 1 && attemptsMs.length < 6) throw new Error('not yet');
      ended.push(offset);
    });
    consumer.append(3);
    consumer.start();
    await consumer.pass(minuteMs);

    expect(ended).toEqual([0, 2, 1]);
    const waits = attemptsMs.slice(1).map((atMs, index) => atMs - attemptsMs[index]!);
    for (const [index, waitMs] of waits.entries()) {
      expect(waitMs).toBeGreaterThanOrEqual(50 * 2 ** index);
      expect(waitMs).toBeLessThanOrEqual(100 * 2 ** index);
    }
    expect(consumer.commits.at(-1)?.offset).toBe(3);
  });

  test('a refused record is done once it is in the dead letters, and those are tried again too', async () => {
    let attempts = 0;
    const consumer = new SimulatedConsumer(() => Promise.reject(new DeadLetterError('bad')), {
      publishDeadLetter: () => ((attempts += 1) < 3 ? Promise.reject(new Error('away')) : Promise.resolve()),
    });
    consumer.append(1);
    consumer.start();
    await consumer.pass(minuteMs);
    expect(attempts).toBe(3);
    expect(consumer.commits.at(-1)?.offset).toBe(1);
  });

  test('with the dead letters over their rate that partition stops, the others go on, and readiness says why', async () => {
    const ended: string[] = [];
    const consumer = new SimulatedConsumer(
      async ({ partition, offset }) => {
        if (partition === 0 && offset === 1) throw new DeadLetterError('bad');
        ended.push(`${partition}/${offset}`);
      },
      {
        partitions: 2,
        maxInFlight: 1,
        publishDeadLetter: () => Promise.reject(new DeadLettersExhaustedError('too many')),
      },
    );
    consumer.append(3, 0);
    consumer.append(3, 1);
    consumer.start();
    await consumer.pass(minuteMs);

    expect(ended.sort()).toEqual(['0/0', '1/0', '1/1', '1/2']);
    expect(health(consumer)).toEqual({ ready: false, live: true, reason: 'work/0 is stopped: too many' });
    expect(consumer.commits.findLast(({ partition }) => partition === 0)?.offset).toBe(1);
  });

  test('a fatal error stops everything new, and is told', async () => {
    const told: FatalConsumerError[] = [];
    let calls = 0;
    const consumer = new SimulatedConsumer(() => ((calls += 1), Promise.reject(new FatalConsumerError('no way'))), {
      maxInFlight: 1,
      onFatal: (error) => told.push(error),
    });
    consumer.append(3);
    consumer.start();
    await consumer.pass(minuteMs);
    expect(calls).toBe(1);
    expect(told).toHaveLength(1);
    expect(health(consumer)).toEqual({ ready: false, live: false, reason: 'no way' });
  });
});

describe('commits', () => {
  test('that the broker finds too long become shorter, and get through', async () => {
    const consumer = new SimulatedConsumer(({ offset }) => (offset === 0 ? never() : Promise.resolve()), {
      maxMetadataLength: 65_536,
      maxInFlight: 200,
    });
    consumer.append(100);
    consumer.start();
    await consumer.pass(500);
    // Now a broker whose limit is lower than ours; nothing else is known of it.
    const commit = consumer.client.commit.bind(consumer.client);
    let refused = 0;
    consumer.client.commit = (membership, commits) => {
      if (consumer.engine.maxMapLength <= 4_096) return commit(membership, commits);
      refused += 1;
      return Promise.reject(new MetadataTooLargeError('OFFSET_METADATA_TOO_LARGE'));
    };
    consumer.append(100);
    await consumer.pass(5_000);
    expect(refused).toBe(1);
    expect(decodeCommitMetadata(consumer.commits.at(-1)!.metadata)?.runs).toEqual([1, 199]);
  });

  test('that fail are made anew with all that has ended meanwhile, and nothing is committed while nothing ends', async () => {
    const consumer = new SimulatedConsumer(() => Promise.resolve());
    consumer.append(5);
    consumer.start();
    await consumer.pass(2_000);
    const { length } = consumer.commits;
    await consumer.pass(minuteMs);
    expect(consumer.commits).toHaveLength(length);

    consumer.client.cutOff(700);
    consumer.append(5);
    await consumer.pass(20_000);
    expect(consumer.commits.at(-1)?.offset).toBe(10);
  });
});

describe('health', () => {
  test('a task that takes long is no stand-still', async () => {
    const consumer = new SimulatedConsumer(never, { maxInFlight: 1 });
    consumer.append(50);
    consumer.start();
    await consumer.pass(1_000);
    expect(health(consumer)).toEqual({ ready: true, live: true });
    await consumer.pass(10 * minuteMs);
    expect(health(consumer)).toEqual({ ready: true, live: true });
  });

  test('a fetch loop that does not go round any more is one, and so are records that nobody starts', async () => {
    const consumer = new SimulatedConsumer(() => Promise.resolve());
    consumer.start();
    await consumer.pass(1_000);
    const nowMs = consumer.time.nowMs() + 2 * minuteMs;
    expect(consumerHealth(consumer.engine, { nowMs, progressTimeoutMs: minuteMs, batches: false })).toMatchObject({
      ready: false,
      live: false,
      reason: expect.stringContaining('nothing was fetched'),
    });

    consumer.engine.assignments.partitions[0]!.bufferedRecords = 1;
    await consumer.pass(2 * minuteMs);
    expect(health(consumer)).toMatchObject({ live: false, reason: expect.stringContaining('none was started') });
  });

  test('a batch that hangs is one', async () => {
    const consumer = new SimulatedConsumer(never);
    consumer.append(1);
    consumer.start();
    await consumer.pass(2 * minuteMs);
    const nowMs = consumer.time.nowMs();
    expect(consumerHealth(consumer.engine, { nowMs, progressTimeoutMs: minuteMs, batches: true }).live).toBe(false);
  });

  test('out of the group it is not ready, and a restart would not help', async () => {
    const consumer = new SimulatedConsumer(() => Promise.resolve());
    expect(health(consumer)).toEqual({ ready: false, live: true, reason: 'not in the group' });
    consumer.start();
    await consumer.pass(1_000);
    consumer.engine.disconnected('broker away');
    expect(health(consumer)).toEqual({ ready: false, live: true, reason: 'not in the group' });
  });

  test('open records that retention has taken make it unready', async () => {
    const consumer = new SimulatedConsumer(never);
    consumer.append(10);
    consumer.start();
    await consumer.pass(1_000);
    consumer.engine.assignments.partitions[0]!.logStart = 5;
    expect(health(consumer)).toMatchObject({ ready: false, live: true, reason: expect.stringContaining('retention') });
  });
});
