import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { isolate, testServers } from '@nask/testkit';
import { activeTopics, avroSchemas, eventExamples, topics, type EventName, type EventTopicName } from '@nask/schemas';
import type { schema } from 'avsc';
import { connectKafka, type KafkaConnection } from '@nask/kafka';
import { silentLogger } from '@nask/kafka/testing/silent-logger.ts';
import { readJsonFolder } from '../../../../schemas/files.ts';
import { createEventCodec, eventTopics, subjectOf } from '../codec.ts';
import { createRegistryClient } from '../registry/registry.ts';
import { avroTypeOf, createEncoder, schemaIdOf, wireHeaderBytes } from '../registry/wire-format.ts';
import { applyContract, contractReport, type ContractOptions } from './apply-contract.ts';

/** A cluster and a registry with the contract of an earlier version, to which the current one is applied. */

const { brokers, registryUrl } = testServers();
const { topicPrefix } = isolate('contract-upgrade');
const registry = createRegistryClient({ url: registryUrl });
let connection: KafkaConnection;

type Schemas = Readonly<Record<EventName, schema.RecordType>>;
const released = Object.fromEntries(readJsonFolder<schema.RecordType>(join('released', '0.1'), '.avsc')) as Schemas;

const apply = (options: Partial<ContractOptions> = {}) =>
  applyContract({
    connection,
    registryUrl,
    topics: { partitions: 2, replicationFactor: 1, documentRetentionDays: 30 },
    logger: silentLogger,
    ...options,
  });

interface Changeable {
  fields: { name: string; type: unknown }[];
}

const eventOf = (topic: EventTopicName) => topics[topic].event;
const changedTopics = eventTopics.filter(
  (topic) => JSON.stringify(released[eventOf(topic)]) !== JSON.stringify(avroSchemas[eventOf(topic)]),
);

beforeAll(async () => {
  connection = connectKafka({ brokers, clientId: 'test', topicPrefix, logger: silentLogger });
  await apply({ schemas: released });
}, 60_000);

describe('given a cluster of 0.1', () => {
  /** Schemas of 0.1, but for one event. */
  const refusalOf = async (event: EventName, change: (schema: Changeable) => void) => {
    const broken = structuredClone(avroSchemas[event]) as unknown as Changeable;
    change(broken);
    return apply({ schemas: { ...released, [event]: broken } }).catch((error: unknown) => error);
  };

  test('when a field without a default is applied, then it is refused, with subject and field, and nothing is changed', async () => {
    const refused = await refusalOf('TaskRequested', ({ fields }) => fields.push({ name: 'colour', type: 'string' }));
    expect(refused).toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(
        new RegExp(`${topicPrefix}tasks\\.requested-value: .*a new field needs a default.*colour`),
      ),
    });
    expect((await apply({ schemas: released })).filter(({ outcome }) => outcome !== 'unchanged')).toEqual([]);
  }, 60_000);

  test('when an enum gets a symbol, then it is refused, with subject and symbol', async () => {
    const refused = await refusalOf('TaskCompleted', ({ fields }) => {
      const { symbols } = fields.find(({ name }) => name === 'outcome')!.type as { symbols: string[] };
      symbols.push('EXPIRED');
    });
    expect(refused).toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(new RegExp(`${topicPrefix}tasks\\.completed-value: .*no new symbol.*EXPIRED`)),
    });
  }, 60_000);

  test('when the current contract is applied, then the report names each changed schema and no topic; a second time it changes nothing', async () => {
    const changes = await apply();
    const changed = changes.filter(({ outcome }) => outcome !== 'unchanged');
    expect(changed).toEqual(
      changedTopics.map((topic) => ({
        kind: 'schema',
        name: subjectOf(topicPrefix, topic),
        outcome: 'changed',
        details: [expect.stringMatching(/^registered as schema \d+$/)],
      })),
    );
    const report = contractReport(changes);
    expect(report).toMatch(new RegExp(`^unchanged +topic +${topicPrefix}tasks\\.requested$`, 'm'));
    expect(report).toMatch(new RegExp(`^changed +schema +${topicPrefix}tasks\\.requested-value +registered`, 'm'));
    const all = Object.keys(activeTopics).length + eventTopics.length;
    expect(report).toContain(`${changedTopics.length} of ${all} topics and schemas were created or changed.`);
    expect(contractReport(await apply())).toContain('Nothing to do');
  }, 60_000);

  test('when the contract of 0.1 is applied again after that, then it changes nothing', async () => {
    expect(contractReport(await apply({ schemas: released }))).toContain('Nothing to do');
  }, 60_000);

  test.each(eventTopics)(
    '%s: events of each version are read by the other, by the ids of the registry',
    async (topic) => {
      const event = eventOf(topic);
      const codec = createEventCodec({ registryUrl, topicPrefix, logger: silentLogger });
      await codec.start();
      const earlier = avroTypeOf(released[event]);
      const earlierId = (await registry.idOf(subjectOf(topicPrefix, topic), released[event]))!;
      for (const example of eventExamples(event).values()) {
        const current = codec.encode(topic, example);
        const writerType = await registry.typeOf(schemaIdOf(current)!);
        const read = earlier.fromBuffer(
          current.subarray(wireHeaderBytes),
          earlier.createResolver(writerType),
        ) as object;
        expect(Object.keys(read)).toEqual(released[event].fields.map(({ name }) => name));
        expect(example).toMatchObject(plain(read));

        const written = createEncoder(earlier, earlierId)(read);
        const back = { ...((await codec.decode(topic, written)) as object) } as Record<string, unknown>;
        expect(back).toMatchObject(plain(read));
        for (const { name, default: value } of avroSchemas[event].fields)
          if (!(name in read)) expect([name, back[name]]).toEqual([name, value]);
      }
    },
  );
});

/** As JSON has it: without the classes of Avro's records. */
function plain(read: object): object {
  return JSON.parse(JSON.stringify(read)) as object;
}
