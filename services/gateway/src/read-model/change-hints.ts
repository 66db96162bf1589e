/** A record of a task that was written to the log. */
export interface TaskRecord {
  taskId: number;
  topic: string;
  partition: number;
  offset: number;
}

/**
 * Tells the watch of tasks which documents have changed: from what is written to the log, once that has come to the read
 * model. So a task is looked at when there is something to see, and not before.
 */
interface ChangeHints {
  /** Something was written. */
  written(record: TaskRecord): void;
  /** Somebody begins to watch a task: what was written shortly before counts as well. */
  watched(taskId: number): void;
}

/** How many tasks that nobody watches have their last records remembered: the newest. */
const maxTasks = 10_000;
/**
 * How many records of such a task are remembered, and how many of a watched one are waited for: while the projector is
 * away there may be ever more of them.
 */
const maxRecords = 10;

/**
 * @param isWatched whether anybody watches this task
 * @param projected resolves when the record is in the read model; rejects when that cannot be said
 * @param hint told of each watched task that has changed
 */
export function createChangeHints(options: {
  isWatched: (taskId: number) => boolean;
  projected: (record: TaskRecord) => Promise<void>;
  hint: (taskId: number) => void;
}): ChangeHints {
  const unwatched = new Map<number, TaskRecord[]>();
  /** How many records of a task are waited for. */
  const awaited = new Map<number, number>();

  function follow(record: TaskRecord): void {
    const { taskId } = record;
    const count = awaited.get(taskId) ?? 0;
    if (count === maxRecords) return;
    awaited.set(taskId, count + 1);
    const hint = () => {
      const left = awaited.get(taskId)! - 1;
      if (left === 0) awaited.delete(taskId);
      else awaited.set(taskId, left);
      options.hint(taskId);
    };
    options.projected(record).then(hint, hint);
  }

  function remember(record: TaskRecord): void {
    const { taskId } = record;
    const records = [...(unwatched.get(taskId) ?? []), record].slice(-maxRecords);
    unwatched.delete(taskId);
    unwatched.set(taskId, records);
    if (unwatched.size > maxTasks) unwatched.delete(unwatched.keys().next().value!);
  }

  return {
    written(record) {
      if (options.isWatched(record.taskId)) follow(record);
      else remember(record);
    },
    watched(taskId) {
      for (const record of unwatched.get(taskId) ?? []) follow(record);
      unwatched.delete(taskId);
    },
  };
}
