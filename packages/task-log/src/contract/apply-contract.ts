import { avroSchemas, topics as catalogueTopics, type EventName, type Topic } from '@nask/schemas';
import type { schema } from 'avsc';
import type { Admin } from 'kafkajs';
import { abandonableKafka, topicName, type KafkaConnection } from '../../../kafka/src/connection.ts';
import { subjectOf } from '../codec.ts';
import { ContractError, contractErrorOf } from './contract-error.ts';
import { registerSchema } from './schema-registration.ts';
import { changeTopic, createTopics, describeTopics } from '../../../kafka/src/admin/topic-admin.ts';
import { planTopics, type TopicPlan, type TopicStep } from './topic-plan.ts';
import { askKafka, waitFor } from './wait-for.ts';
import { wantedTopic, type TopicSettings } from './wanted-topic.ts';
import type { Logger } from '../../../kafka/src/logger.ts';
import { createRegistry, type Registry, type RegistryOptions } from '../registry/registry.ts';
import { TimeoutError, within } from '@nask/async';

export interface ContractOptions {
  connection: KafkaConnection;
  registryUrl: string;
  auth?: RegistryOptions['auth'];
  topics: TopicSettings;
  logger: Logger;
  /** How long all of it may take, with the time that Kafka and the registry need to come up. Default 60 s. */
  waitMs?: number;
  /** Default: the catalogue of @nask/schemas. */
  catalogue?: Readonly<Record<string, Topic>>;
  /** Default: those of @nask/schemas. */
  schemas?: Readonly<Record<EventName, schema.RecordType>>;
}

/** One topic or subject, and what was done about it. */
export interface ContractChange {
  kind: 'topic' | 'schema';
  name: string;
  outcome: 'created' | 'changed' | 'unchanged';
  details: string[];
}

const leaseTopic = 'task-id-leases';

/**
 * Brings a cluster and a registry to what the catalogue says: creates what is missing, changes what differs, says what
 * it did. Running it again does nothing. It never deletes, and refuses, before it has changed any topic, what would
 * break data that is there: another partition count for a topic with records (keys would move), a new
 * `task-id-leases` while tasks exist (ids would repeat), a schema that breaks its subject's compatibility.
 * Rejects with a ContractError.
 */
export async function applyContract(options: ContractOptions): Promise<ContractChange[]> {
  const { connection, registryUrl, auth, waitMs = 60_000 } = options;
  const deadlineAtMs = performance.now() + waitMs;
  const client = abandonableKafka(connection, { retry: { retries: 5 }, quiet: true });
  const admin = client.kafka.admin();
  try {
    const unreachable = `Kafka at ${connection.brokers.join(', ')} cannot be reached`;
    await waitFor(unreachable, deadlineAtMs, options.logger, (leftMs) =>
      askKafka(connection, leftMs, (probe) => probe.describeCluster()),
    );
    // Kafka can go silent after the probe as well.
    const inTime = <T>(what: string, asking: Promise<T>) => within(deadlineAtMs - performance.now(), what, asking);
    await inTime('connecting to Kafka', admin.connect());
    const plan = await inTime("reading Kafka's topics", planOf(admin, options));
    if (plan.refusals.length > 0) throw new ContractError('REFUSED', plan.refusals);
    const schemas = await registerAll(createRegistry({ url: registryUrl, auth }), options, deadlineAtMs);
    return [...(await inTime("changing Kafka's topics", carryOut(admin, plan))), ...schemas];
  } catch (error) {
    if (error instanceof TimeoutError) throw new ContractError('UNREACHABLE', [error.message], { cause: error });
    throw contractErrorOf(error);
  } finally {
    await within(1_000, 'disconnecting', admin.disconnect()).catch(() => {});
    client.abandon();
  }
}

async function planOf(admin: Admin, options: ContractOptions): Promise<TopicPlan> {
  const { connection, topics: settings, catalogue = catalogueTopics } = options;
  const entries = Object.entries<Topic>(catalogue);
  const wanted = entries.map(([name, topic]) => wantedTopic(topicName(connection, name), topic, settings));
  const keyed = entries.filter(([, { key }]) => key === 'task id, decimal');
  const existing = await describeTopics(
    admin,
    wanted.map(({ name }) => name),
  );
  return planTopics(wanted, existing, {
    keyedByTask: new Set(keyed.map(([name]) => topicName(connection, name))),
    leaseTopic: topicName(connection, leaseTopic),
  });
}

async function carryOut(admin: Admin, { steps }: TopicPlan): Promise<ContractChange[]> {
  await createTopics(
    admin,
    steps.filter(({ exists }) => !exists).map(({ wanted }) => wanted),
  );
  for (const step of steps) if (step.exists) await changeTopic(admin, step);
  return steps.map((step) => ({ kind: 'topic', name: step.wanted.name, ...outcomeOf(step) }));
}

function outcomeOf({
  wanted,
  exists,
  growsFrom,
  configChanges,
  warnings,
}: TopicStep): Pick<ContractChange, 'outcome' | 'details'> {
  if (!exists) {
    const { partitions, replicationFactor, config } = wanted;
    const shown = Object.entries(config).map(([setting, value]) => `${setting}=${value}`);
    return { outcome: 'created', details: [`${partitions} partitions`, `${replicationFactor} replicas`, ...shown] };
  }
  const changes = configChanges.map(({ setting, from, to }) => `${setting} ${from ?? 'unset'} -> ${to}`);
  if (growsFrom !== undefined) changes.unshift(`partitions ${growsFrom} -> ${wanted.partitions}`);
  return { outcome: changes.length > 0 ? 'changed' : 'unchanged', details: [...changes, ...warnings] };
}

async function registerAll(
  registry: Registry,
  options: ContractOptions,
  deadlineAtMs: number,
): Promise<ContractChange[]> {
  const { connection, registryUrl, logger, catalogue = catalogueTopics, schemas = avroSchemas } = options;
  const outcomes: ContractChange[] = [];
  const refusals: string[] = [];
  for (const [topic, { event }] of Object.entries<Topic>(catalogue)) {
    if (event === null) continue;
    const subject = subjectOf(connection.topicPrefix, topic);
    const { changes, refusal } = await waitFor(
      `The schema registry at ${registryUrl} cannot be reached`,
      deadlineAtMs,
      logger,
      () => registerSchema(registry, subject, schemas[event]),
    );
    if (refusal !== undefined) refusals.push(refusal);
    outcomes.push({
      kind: 'schema',
      name: subject,
      outcome: changes.length > 0 ? 'changed' : 'unchanged',
      details: changes,
    });
  }
  if (refusals.length > 0) throw new ContractError('REFUSED', refusals);
  return outcomes;
}
