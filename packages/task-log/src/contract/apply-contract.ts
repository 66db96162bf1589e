import { activeTopics, avroSchemas, type EventName, type Topic } from '@nask/schemas';
import { TimeoutError } from '@nask/async';
import {
  topicName,
  TopicAdminError,
  withTopicAdmin,
  type KafkaConnection,
  type Logger,
  type TopicAdmin,
} from '@nask/kafka';
import type { schema } from 'avsc';
import { subjectOf } from '../codec.ts';
import {
  createRegistryClient,
  RegistryError,
  type RegistryClient,
  type RegistryOptions,
} from '../registry/registry.ts';
import { planTopics, wantedTopic, type TopicPlan, type TopicSettings, type TopicStep } from './topic-plan.rules.ts';
import { ContractError, waitFor } from './await-contract.ts';

export interface ContractOptions {
  connection: KafkaConnection;
  registryUrl: string;
  auth?: RegistryOptions['auth'];
  topics: TopicSettings;
  logger: Logger;
  /** How long all of it may take, with the time that Kafka and the registry need to come up. Default 60 s. */
  waitMs?: number;
  /** Default: the catalogue of @nask/schemas, without reserved topics. */
  catalogue?: Readonly<Record<string, Topic>>;
  /** Default: those of @nask/schemas. */
  schemas?: Readonly<Record<EventName, schema.RecordType>>;
}

/** One topic or subject, and what was done about it. */
interface ContractChange {
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
  const { connection, registryUrl, auth, waitMs = 60_000, logger } = options;
  const deadlineAtMs = performance.now() + waitMs;
  /** Kafka can go silent at every step. */
  const inTime = <T>(what: string, use: (admin: TopicAdmin) => Promise<T>) =>
    withTopicAdmin(connection, { what, timeoutMs: deadlineAtMs - performance.now(), retries: 5 }, use);
  try {
    const unreachable = `Kafka at ${connection.brokers.join(', ')} cannot be reached`;
    await waitFor(unreachable, deadlineAtMs, logger, (timeoutMs) =>
      withTopicAdmin(connection, { what: 'asking Kafka', timeoutMs }, (admin) => admin.list()),
    );
    const plan = await inTime("reading Kafka's topics", (admin) => planOf(admin, options));
    if (plan.refusals.length > 0) throw new ContractError('REFUSED', plan.refusals);
    const schemas = await registerAll(createRegistryClient({ url: registryUrl, auth }), options, deadlineAtMs);
    return [...(await inTime("changing Kafka's topics", (admin) => carryOut(admin, plan))), ...schemas];
  } catch (error) {
    if (error instanceof TimeoutError) throw new ContractError('UNREACHABLE', [error.message], { cause: error });
    if (error instanceof TopicAdminError) throw new ContractError('REFUSED', error.reasons, { cause: error });
    throw error;
  }
}

async function planOf(admin: TopicAdmin, options: ContractOptions): Promise<TopicPlan> {
  const { connection, topics: settings, catalogue = activeTopics } = options;
  const nameOf = (topic: string) => topicName(connection, topic);
  const entries = Object.entries<Topic>(catalogue);
  const wanted = entries.map(([name, topic]) => wantedTopic(nameOf(name), topic, settings));
  const keyed = entries.filter(([, { key }]) => key === 'task id, decimal');
  return planTopics(wanted, await admin.describe(wanted.map(({ name }) => name)), {
    keyedByTask: new Set(keyed.map(([name]) => nameOf(name))),
    leaseTopic: nameOf(leaseTopic),
  });
}

async function carryOut(admin: TopicAdmin, { steps }: TopicPlan): Promise<ContractChange[]> {
  await admin.create(steps.filter(({ exists }) => !exists).map(({ wanted }) => wanted));
  for (const { wanted, growsFrom, configChanges } of steps.filter(({ exists }) => exists))
    await admin.change(wanted.name, {
      partitions: growsFrom === undefined ? undefined : wanted.partitions,
      config: configChanges.length === 0 ? undefined : wanted.config,
    });
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
  registry: RegistryClient,
  options: ContractOptions,
  deadlineAtMs: number,
): Promise<ContractChange[]> {
  const { connection, registryUrl, logger, catalogue = activeTopics, schemas = avroSchemas } = options;
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

/** What every subject promises: each version can read, and be read by, all the others. */
const subjectCompatibility = 'FULL_TRANSITIVE';

interface SchemaOutcome {
  subject: string;
  /** What was done; empty: nothing had to be. */
  changes: string[];
  /** Why the registry does not take the schema. */
  refusal?: string;
}

/**
 * Makes sure that a subject has a schema and keeps its promise. The promise is set before the schema: at no time can
 * a version be registered that breaks it. The registry's default for other subjects is left alone.
 * Rejects with a RegistryError when the registry does not answer.
 */
async function registerSchema(
  registry: RegistryClient,
  subject: string,
  avroSchema: schema.RecordType,
): Promise<SchemaOutcome> {
  const changes: string[] = [];
  const compatibility = await registry.compatibility(subject);
  if (compatibility !== subjectCompatibility) {
    await registry.setCompatibility(subject, subjectCompatibility);
    changes.push(`compatibility ${compatibility ?? 'unset'} -> ${subjectCompatibility}`);
  }

  const known = await registry.idOf(subject, avroSchema);
  if (known !== undefined) return { subject, changes };
  try {
    const id = await registry.register(subject, avroSchema);
    return { subject, changes: [...changes, `registered as schema ${id}`] };
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code === 'UNREACHABLE') throw error;
    const hint =
      error.code === 'INCOMPATIBLE'
        ? ', since versions of it could not read each other (a new field needs a default, an enum takes no new symbol)'
        : '';
    return { subject, changes, refusal: `${subject}: the registry does not take the schema${hint}: ${error.message}` };
  }
}

/** What was done, for people: one line for each topic and schema, and a sum. */
export function contractReport(changes: readonly ContractChange[]): string {
  const nameWidth = Math.max(0, ...changes.map(({ name }) => name.length));
  const lines = changes.map(({ kind, name, outcome, details }) =>
    `${outcome.padEnd(9)}  ${kind.padEnd(6)}  ${name.padEnd(nameWidth)}  ${details.join(', ')}`.trimEnd(),
  );
  const changed = changes.filter(({ outcome }) => outcome !== 'unchanged').length;
  const sum =
    changed === 0
      ? `Nothing to do: all ${changes.length} topics and schemas are as they should be.`
      : `${changed} of ${changes.length} topics and schemas were created or changed.`;
  return [...lines, sum].join('\n');
}
