import { createLogReader } from '@nask/kafka';
import type { TaskDocument } from '@nask/schemas';
import { openLogState, type CommandContext } from '../commands/context.ts';
import { createGenerations } from '../read-model/generations.ts';
import type { HistoryDifference, StoredTask, TaskDifference } from './comparison.ts';
import { createPass } from './pass.ts';
import { condensed, Shadow } from './shadow.ts';

export interface Verification {
  tasks: number;
  /** Documents, and histories of tasks, that are not what the log says. */
  differences: number;
  /** Tasks that got events all the while: not compared. */
  changing: number;
}

/** How many differences are printed, and of each history how many events. */
const maxPrinted = 10;
const maxEventsPrinted = 5;

/**
 * Replays the log into a shadow in memory and compares the live read model with it by checksum: document by document, and
 * the history of each task event by event. It writes nothing anywhere. What changes meanwhile is compared again with
 * what came.
 * @param options.maxTasks how many documents are in memory at once; of more tasks the log is read several times
 * @param options.waitMs how long the read model may take to reach what was read of the log
 * @throws CommandError when the read model is too far behind to be compared
 */
export async function verify(
  context: CommandContext,
  { maxTasks = 200_000, waitMs = 60_000 }: { maxTasks?: number; waitMs?: number } = {},
): Promise<Verification> {
  const { connection, db, print, signal } = context;
  const generation = await createGenerations(db).live();
  const reader = createLogReader(connection);
  const log = openLogState(connection);
  const result: Verification = { tasks: 0, differences: 0, changing: 0 };

  function report(lines: () => string[]): void {
    result.differences += 1;
    if (result.differences <= maxPrinted) print(lines().join('\n'));
  }

  function onDifference({ id, stored, expected, isDocumentDifferent, history }: TaskDifference): void {
    if (isDocumentDifferent)
      report(() => [`Task ${id}`, `  read model: ${shown(stored.document)}`, `  log:        ${shown(expected)}`]);
    if (history.length > 0)
      report(() => [
        `History of task ${id}`,
        ...history.slice(0, maxEventsPrinted).flatMap((difference) => linesOf(difference, stored)),
        ...(history.length > maxEventsPrinted ? [`  and ${history.length - maxEventsPrinted} more`] : []),
      ]);
  }

  try {
    for (let from = 0; from < Infinity && !signal.aborted;) {
      const pass = createPass({ ...context, generation, reader, log, waitMs, onDifference });
      const { next, tasks, changing } = await pass(new Shadow(from, maxTasks));
      result.tasks += tasks;
      result.changing += changing;
      from = next;
    }
  } finally {
    await reader.stop();
    await log.stop();
  }
  const changing = result.changing === 0 ? '' : `, ${result.changing} changed all the while and were not compared`;
  print(
    `Generation ${generation}: ${result.tasks} tasks and their history, ${result.differences} differences${changing}.`,
  );
  return result;
}

function shown(document: TaskDocument | undefined): string {
  return document === undefined ? 'nothing' : JSON.stringify(condensed(document));
}

/** Of the log's side there is no more than the checksum: the record itself is at that position. */
function linesOf({ topic, offset, found, expected }: HistoryDifference, { history }: StoredTask): string[] {
  const entry = history.find((one) => one.topic === topic && one.offset === offset);
  return [
    `  ${topic}, offset ${offset}`,
    `    read model: ${found === undefined ? 'nothing' : `${JSON.stringify(entry)}, checksum ${found.checksum}`}`,
    `    log:        ${expected === undefined ? 'nothing' : `an event with checksum ${expected.checksum}`}`,
  ];
}
