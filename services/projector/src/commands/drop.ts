import { deleteGroup } from '@nask/kafka';
import { projectorGroupOf, readModelVersion } from '@nask/schemas';
import { createEarlierVersions } from '../read-model/earlier-versions.ts';
import { createGenerations, GenerationInUseError } from '../read-model/generations.ts';
import { CommandError, type CommandContext } from './context.ts';

type DropContext = Pick<CommandContext, 'connection' | 'db' | 'topicPrefix' | 'print'>;

/**
 * Deletes a generation of the read model, or all of an earlier version; without a name, lists what there is.
 * @param name a generation (`2`) or a version (`v1`)
 * @throws CommandError when there is no such generation or version, or it is in use, or Kafka does not answer whether it is
 */
export async function drop(context: DropContext, name: string | undefined): Promise<void> {
  if (name === undefined) return list(context);
  const [, version] = /^v([1-9]\d{0,8})$/.exec(name) ?? [];
  await (version === undefined ? dropGeneration(context, name) : dropVersion(context, Number(version)));
}

async function list({ db, print }: DropContext): Promise<void> {
  for (const version of await createEarlierVersions(db).list()) print(`v${version} earlier version`);
  for (const { generation, role } of await createGenerations(db).list()) print(`${generation} ${role}`);
}

async function dropGeneration({ db, print }: DropContext, text: string): Promise<void> {
  const generations = createGenerations(db);
  const all = await generations.list();
  const generation = Number(text);
  if (!all.some((known) => known.generation === generation))
    throw new CommandError(
      `There is no generation ${text}. There are: ${all.map((known) => known.generation).join(', ')}`,
    );
  try {
    await generations.drop(generation);
  } catch (error) {
    if (!(error instanceof GenerationInUseError)) throw error;
    throw new CommandError(`${error.message}: not dropped`);
  }
  print(`Generation ${generation} is deleted.`);
}

async function dropVersion(context: DropContext, version: number): Promise<void> {
  const { db, print } = context;
  const earlier = createEarlierVersions(db);
  const all = await earlier.list();
  if (version === readModelVersion)
    throw new CommandError(
      `v${version} is the version of this projector: its generations are dropped by their numbers`,
    );
  if (!all.includes(version))
    throw new CommandError(
      `There is nothing of a version v${version}. Earlier versions: ${all.map((known) => `v${known}`).join(', ') || 'none'}`,
    );
  if (!(await createGenerations(db).isSwitched()))
    throw new CommandError(`Readers were not sent to version ${readModelVersion} yet: v${version} is not dropped`);
  await dropGroup(context, version);
  await earlier.drop(version);
  print(`Version ${version} is deleted.`);
}

/**
 * Deletes the consumer group of the version's projectors, which Kafka does only while it has no members.
 * @throws CommandError when it has members, or that is not known
 */
async function dropGroup({ connection, topicPrefix }: DropContext, version: number): Promise<void> {
  const group = `${topicPrefix}${projectorGroupOf(version)}`;
  let outcome: Awaited<ReturnType<typeof deleteGroup>>;
  try {
    outcome = await deleteGroup(connection, group);
  } catch (error) {
    throw new CommandError(
      `Whether a projector of version ${version} is running (group ${group}) is not known: v${version} is not dropped. Kafka: ${(error as Error).message}`,
    );
  }
  if (outcome === 'in-use')
    throw new CommandError(`A projector of version ${version} is running (group ${group}): v${version} is not dropped`);
}
