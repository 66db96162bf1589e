import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, startOwnKafka, suspendProcess, type OwnServer } from '@nask/testkit';
import { connectKafka, type KafkaConnection } from '../connection.ts';
import { createTopic, readTopic } from '../../testing/topics.ts';
import { silentLogger } from '../../testing/silent-logger.ts';
import { createProducer, type GroupCommitProducer } from './group-commit-producer.ts';
import type { Logger } from '../logger.ts';
import type { Position } from '../record.ts';

let kafka: OwnServer;
let connection: KafkaConnection;
let producer: GroupCommitProducer;

beforeAll(async () => {
  kafka = await startOwnKafka();
  connection = connectKafka({ brokers: [kafka.address], clientId: 'test', logger: silentLogger });
  await createTopic(connection, 'events', 6);
  producer = createProducer({ connection, logger: silentLogger, deadlineMs: 2_000 });
  await producer.start();
}, 120_000);

afterAll(async () => {
  await producer?.stop();
  await kafka?.close();
}, 60_000);

const send = (key: string, text: string) => producer.send({ topic: 'events', key, value: Buffer.from(text) });

/** What is in the topic. A broker that has just started may not know at once. */
const read = () => eventually(() => readTopic(connection, 'events'));

/** Sends without a pause, many at once, until told to end. Notes what was acknowledged and where. */
function load() {
  const acknowledged = new Map<string, Position>();
  const failures: { code: string; outcomeUnknown: boolean }[] = [];
  let running = true;
  const firstFailure = Promise.withResolvers<void>();
  const senders = Array.from({ length: 32 }, async (_, sender) => {
    for (let count = 0; running; count += 1) {
      const text = `${sender}-${count}-${crypto.randomUUID()}`;
      try {
        acknowledged.set(text, await send(String(sender), text));
      } catch (error) {
        failures.push(error as (typeof failures)[number]);
        firstFailure.resolve();
      }
    }
  });
  return {
    acknowledged,
    failures,
    failed: firstFailure.promise,
    async end() {
      running = false;
      await Promise.all(senders);
    },
  };
}

async function expectAllFound(acknowledged: ReadonlyMap<string, Position>): Promise<void> {
  const found = new Map((await read()).map((entry) => [`${entry.partition}/${entry.offset}`, entry]));
  for (const [text, { partition, offset }] of acknowledged)
    expect(String(found.get(`${partition}/${offset}`)?.value)).toBe(text);
}

describe('Kafka killed and started again', () => {
  test('under load: sends fail by their deadline, then work again; whatever was acknowledged is where it was said to be', async () => {
    const traffic = load();
    try {
      await eventually(() => expect(traffic.acknowledged.size).toBeGreaterThan(500));
      await kafka.kill('SIGKILL');
      await traffic.failed;
      await eventually(() => expect(producer.isHealthy()).toBe(false));
      const before = traffic.acknowledged.size;
      await kafka.start();
      await eventually(() => expect(traffic.acknowledged.size).toBeGreaterThan(before + 500));
      expect(producer.isHealthy()).toBe(true);
    } finally {
      await traffic.end();
    }
    for (const { code } of traffic.failures) expect(['DEADLINE_EXCEEDED', 'REFUSED']).toContain(code);
    await expectAllFound(traffic.acknowledged);
  }, 120_000);

  test('a producer that starts while Kafka is away sends once it is there', async () => {
    await kafka.kill('SIGKILL');
    const early = createProducer({ connection, logger: silentLogger, deadlineMs: 60_000 });
    await early.start();
    expect(early.isHealthy()).toBe(false);
    const waiting = early.send({ topic: 'events', key: 'k', value: Buffer.from('early') });
    await kafka.start();
    expect(await waiting).toMatchObject({ topic: 'events' });
    expect(early.isHealthy()).toBe(true);
    await early.stop();
  }, 120_000);

  test('a stop while Kafka is away ends with the deadlines', async () => {
    await kafka.kill('SIGKILL');
    const away = createProducer({ connection, logger: silentLogger, deadlineMs: 300 });
    await away.start();
    const queued = away.send({ topic: 'events', key: 'k', value: Buffer.from('never') });
    const failed = expect(queued).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcomeUnknown: false });
    await away.stop();
    await failed;
    await kafka.start();
    const texts = (await read()).map(({ value }) => String(value));
    expect(texts).not.toContain('never');
  }, 120_000);
});

describe('Kafka that hangs', () => {
  test('a send fails by its deadline with its outcome unknown; what queued behind it is never written; then all is well again', async () => {
    await send('k', 'before');
    await suspendProcess(kafka.pid());
    const onItsWay = producer.sendAlone({ topic: 'events', key: 'k', value: Buffer.from('on its way') });
    const queued = send('k', 'queued');
    const outcomes = await Promise.allSettled([onItsWay, queued]);
    kafka.signal('SIGCONT');
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'DEADLINE_EXCEEDED', outcomeUnknown: true } },
      { status: 'rejected', reason: { code: 'DEADLINE_EXCEEDED', outcomeUnknown: false } },
    ]);
    await eventually(() => send('k', 'after'));
    expect(producer.isHealthy()).toBe(true);
    const texts = (await read()).map(({ value }) => String(value));
    expect(texts).not.toContain('queued');
    expect(texts.filter((text) => text === 'on its way').length).toBeLessThan(2);
    expect(texts).toContain('after');
  }, 120_000);

  test('a hang longer than a request may take and shorter than the deadline: the repeat is recognised, each record is written once', async () => {
    const timedOut = Promise.withResolvers<void>();
    const logger: Logger = {
      ...silentLogger,
      debug: (_: unknown, message?: string) => message?.includes('not answered in time') && timedOut.resolve(),
      child: () => logger,
    };
    const watched = connectKafka({ brokers: [kafka.address], clientId: 'test', logger });
    const patient = createProducer({ connection: watched, logger, deadlineMs: 8_000 });
    await patient.start();
    const records = Array.from({ length: 20 }, (_, index) => `patient ${index}`);
    const sendAll = () =>
      Promise.all(records.map((text) => patient.send({ topic: 'events', key: 'p', value: Buffer.from(text) })));
    await sendAll();

    await suspendProcess(kafka.pid());
    const sending = sendAll();
    await timedOut.promise;
    kafka.signal('SIGCONT');
    const positions = await sending;

    const found = (await read()).filter(({ value }) => String(value).startsWith('patient'));
    expect(found.slice(records.length).map(({ offset, value }) => [offset, String(value)])).toEqual(
      positions.map(({ offset }, index) => [offset, records[index]]),
    );
    await patient.stop();
  }, 120_000);
});
