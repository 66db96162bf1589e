import { describe, expect, test } from '@jest/globals';
import { isolate, testServers } from '@nask/testkit';
import { activeTopics, avroSchemas, reservedTopics, topics, type EventName, type Topic } from '@nask/schemas';
import type { schema } from 'avsc';
import { connectKafka, createProducer, withTopicAdmin, type TopicAdmin } from '@nask/kafka';
import { silentLogger } from '@nask/kafka/testing/silent-logger.ts';
import { deleteTopic } from '@nask/kafka/testing/topics.ts';
import { applyContract, type ContractOptions } from './apply-contract.ts';

const { brokers, registryUrl } = testServers();
const settings = { partitions: 4, replicationFactor: 1, documentRetentionDays: 30 };

/** An installation of its own. */
function installation() {
  const { topicPrefix } = isolate('contract');
  const connection = connectKafka({ brokers, clientId: 'test', topicPrefix, logger: silentLogger });
  return {
    connection,
    topicPrefix,
    apply: (options: Partial<ContractOptions> = {}) =>
      applyContract({ connection, registryUrl, topics: settings, logger: silentLogger, ...options }),
    async write(topic: string) {
      const producer = createProducer({ connection, logger: silentLogger });
      await producer.start();
      await producer.send({ topic, key: '1', value: Buffer.from('x') });
      await producer.stop();
    },
    admin: <T>(use: (admin: TopicAdmin) => Promise<T>) =>
      withTopicAdmin(connection, { what: 'asking Kafka', timeoutMs: 20_000 }, use),
  };
}

/** What the cluster and the registry have of an installation, by names of the catalogue. */
async function found({ topicPrefix, admin }: ReturnType<typeof installation>) {
  const own = (names: string[]) =>
    names
      .filter((name) => name.startsWith(topicPrefix))
      .map((name) => name.slice(topicPrefix.length))
      .toSorted();
  const subjects = (await (await fetch(`${registryUrl}/subjects`)).json()) as string[];
  return { topics: own(await admin((kafka) => kafka.list())), subjects: own(subjects) };
}

async function registryConfig(path: string): Promise<unknown> {
  return (await fetch(`${registryUrl}/config${path}`)).json();
}

function withField(event: EventName, field: object) {
  const original = avroSchemas[event];
  const changed = { ...original, fields: [...original.fields, field] } as schema.RecordType;
  return { ...avroSchemas, [event]: changed };
}

const outcomes = (changes: { outcome: string }[]) => new Set(changes.map(({ outcome }) => outcome));

describe('the contract', () => {
  test('is applied to an empty cluster, and applied again changes nothing', async () => {
    const { apply, admin, topicPrefix } = installation();
    const globalBefore = await registryConfig('');
    const first = await apply();
    expect(outcomes(first)).toEqual(new Set(['created', 'changed']));
    expect(first.map(({ name }) => name)).toEqual(
      expect.arrayContaining(Object.keys(activeTopics).map((name) => topicPrefix + name)),
    );

    const second = await apply();
    expect(second.map(({ name }) => name)).toEqual(first.map(({ name }) => name));
    expect(outcomes(second)).toEqual(new Set(['unchanged']));
    expect(second.flatMap(({ details }) => details)).toEqual([]);

    const name = `${topicPrefix}tasks.requested`;
    const found = await admin((kafka) => kafka.describe([name]));
    expect(found.get(name)!.partitions).toBe(4);
    expect(await registryConfig(`/${name}-value`)).toEqual({ compatibilityLevel: 'FULL_TRANSITIVE' });
    expect(await registryConfig('')).toEqual(globalBefore);
  }, 60_000);

  test('given reserved topics, then they are not created, and no schema is registered for them', async () => {
    const own = installation();
    await own.apply();
    const withEvent = Object.entries(activeTopics).filter(([, { event }]) => event !== null);
    expect(await found(own)).toEqual({
      topics: Object.keys(activeTopics).toSorted(),
      subjects: withEvent.map(([name]) => `${name}-value`).toSorted(),
    });
    expect(Object.keys(reservedTopics)).toContain('tasks.scheduled');
  }, 60_000);

  test('given a reserved topic that becomes active, then it is created, and its schema is registered', async () => {
    const own = installation();
    await own.apply();
    const details: Topic = { ...topics['tasks.failure-details'], isReserved: undefined };
    const changes = await own.apply({ catalogue: { ...activeTopics, 'tasks.failure-details': details } });
    expect(changes.filter(({ outcome }) => outcome !== 'unchanged').map(({ kind, name }) => [kind, name])).toEqual([
      ['topic', `${own.topicPrefix}tasks.failure-details`],
      ['schema', `${own.topicPrefix}tasks.failure-details-value`],
    ]);
    const now = await found(own);
    expect(now.topics).toContain('tasks.failure-details');
    expect(now.subjects).toContain('tasks.failure-details-value');
  }, 60_000);

  test('brings settings back that were changed, and leaves those that are not its own', async () => {
    const { apply, admin, topicPrefix } = installation();
    await apply();
    const name = `${topicPrefix}tasks.requested`;
    const config = { 'retention.ms': '5000', 'segment.bytes': '12345678' };
    await admin((kafka) => kafka.change(name, { config }));

    const changes = await apply({ topics: { ...settings, documentRetentionDays: 1 } });
    const change = changes.find((entry) => entry.name === name)!;
    expect(change).toMatchObject({ kind: 'topic', outcome: 'changed' });
    expect(change.details).toContainEqual(expect.stringMatching(/^retention\.ms 5000 -> 691200000$/));
    const found = await admin((kafka) => kafka.describe([name]));
    expect(found.get(name)!.config).toMatchObject({ 'retention.ms': '691200000', 'segment.bytes': '12345678' });
  }, 60_000);

  test('another partition count is refused for a topic with records, and nothing at all is changed', async () => {
    const { apply, write } = installation();
    await apply();
    await write('tasks.started');
    const refusal = {
      code: 'REFUSED',
      reasons: [expect.stringMatching(/tasks\.started has 4 partitions, not 6.*keys/)],
    };
    await expect(apply({ topics: { ...settings, partitions: 6 } })).rejects.toMatchObject(refusal);
    expect(outcomes(await apply())).toEqual(new Set(['unchanged']));
  }, 60_000);

  test('topics without records grow', async () => {
    const { apply } = installation();
    await apply();
    const changes = await apply({ topics: { ...settings, partitions: 6 } });
    const grown = changes.filter(({ details }) => details.includes('partitions 4 -> 6')).map(({ outcome }) => outcome);
    const bySetting = Object.values(activeTopics).filter(({ partitions }) => partitions === 'by-setting');
    expect(grown).toEqual(bySetting.map(() => 'changed'));
    expect(outcomes(await apply({ topics: { ...settings, partitions: 6 } }))).toEqual(new Set(['unchanged']));
  }, 60_000);

  test('the lease topic is not created again while there are tasks: ids would repeat', async () => {
    const { apply, write, admin, connection, topicPrefix } = installation();
    await apply();
    await write('tasks.requested');
    const name = `${topicPrefix}task-id-leases`;
    await deleteTopic(connection, 'task-id-leases');
    await expect(apply()).rejects.toMatchObject({ code: 'REFUSED', reasons: [expect.stringContaining(name)] });
    expect(await admin((kafka) => kafka.list())).not.toContain(name);
  }, 60_000);

  test('what Kafka refuses is said for each topic', async () => {
    const topics = { ...settings, replicationFactor: 3, minInsyncReplicas: 1 };
    const failure = {
      code: 'REFUSED',
      reasons: expect.arrayContaining([expect.stringMatching(/tasks\.requested: .*[Rr]eplication/)]),
    };
    await expect(installation().apply({ topics })).rejects.toMatchObject(failure);
  }, 60_000);

  test("an incompatible schema is refused with the registry's reason", async () => {
    const { apply, topicPrefix } = installation();
    await apply();
    const schemas = withField('TaskStarted', { name: 'host', type: 'string' });
    const reason = await apply({ schemas }).catch((error: Error) => error.message);
    expect(reason).toContain(`${topicPrefix}tasks.started-value`);
    expect(reason).toContain('host');
    expect(reason).not.toContain('io.apicurio');
    expect(outcomes(await apply())).toEqual(new Set(['unchanged']));
  }, 60_000);

  test('a compatible schema becomes the next version', async () => {
    const { apply, topicPrefix } = installation();
    await apply();
    const schemas = withField('TaskStarted', { name: 'host', type: 'string', default: '' });
    const changed = (await apply({ schemas })).filter(({ outcome }) => outcome !== 'unchanged');
    expect(changed).toEqual([
      {
        kind: 'schema',
        name: `${topicPrefix}tasks.started-value`,
        outcome: 'changed',
        details: [expect.stringMatching(/^registered as schema \d+$/)],
      },
    ]);
  }, 60_000);

  test.each([
    ['Kafka', { connection: connectKafka({ brokers: ['127.0.0.1:1'], clientId: 'test', logger: silentLogger }) }],
    ['registry', { registryUrl: 'http://127.0.0.1:1' }],
  ])(
    '%s away: fails after the time it may wait, and says who is missing',
    async (name, options) => {
      const failure = { code: 'UNREACHABLE', reasons: [expect.stringContaining(name)] };
      await expect(installation().apply({ ...options, waitMs: 1_500 })).rejects.toMatchObject(failure);
    },
    60_000,
  );
});
