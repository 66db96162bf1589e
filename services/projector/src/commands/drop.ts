import { createGenerations, GenerationInUseError } from '../read-model/generations.ts';
import { CommandError, type CommandContext } from './context.ts';

/**
 * Deletes a generation of the read model; without one, says which there are.
 * @throws CommandError when there is no such generation, or it is the live one
 */
export async function drop(
  { db, print }: Pick<CommandContext, 'db' | 'print'>,
  text: string | undefined,
): Promise<void> {
  const generations = createGenerations(db);
  const all = await generations.list();
  if (text === undefined) {
    for (const { generation, role } of all) print(`${generation} ${role}`);
    return;
  }
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
