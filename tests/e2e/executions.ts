import type { TaskCompleted, TaskStarted } from '@nask/schemas';

/** What the log tells of how often tasks were run. */
export interface Executions {
  /** The outcome of each task: its completion with the lowest offset. */
  readonly outcomes: ReadonlyMap<number, TaskCompleted>;
  /** The outcomes of the tasks that were run again though they had ended: that have more than one completion. */
  readonly repeats: readonly TaskCompleted[];
  /** How many tasks were begun more than once and ended once: unfinished work that another process took over. */
  readonly restarts: number;
}

/** @param completed the events of a task in the order of their offsets */
export function executionsOf(started: readonly TaskStarted[], completed: readonly TaskCompleted[]): Executions {
  const completions = Map.groupBy(completed, ({ task_id }) => task_id);
  const starts = Map.groupBy(started, ({ task_id }) => task_id);
  const outcomes = new Map([...completions].map(([id, [outcome]]) => [id, outcome!]));
  const repeats = [...completions.values()].flatMap(([outcome, ...later]) => (later.length > 0 ? [outcome!] : []));
  const restarts = [...starts].filter(([id, of]) => of.length > 1 && completions.get(id)?.length === 1).length;
  return { outcomes, repeats, restarts };
}
