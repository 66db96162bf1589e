import { taskStatuses, type ProjectionLagDocument, type TaskStatus } from '@nask/schemas';

/** How many tasks there are of a status and a type. */
export interface TaskCount {
  status: TaskStatus;
  type: string;
  count: number;
  /** Of these, those that were accepted in the window of the throughput. */
  accepted: number;
  /** And those that ended in it. */
  ended: number;
}

type StatusCounts = Record<TaskStatus, number>;

/** The service in figures. */
export interface StatsResource {
  /** When they were taken, RFC 3339. */
  as_of: string;
  tasks: { total: number; by_status: StatusCounts; by_type: Record<string, StatusCounts> };
  /** Averages over the window. */
  throughput: { window_seconds: number; accepted_per_second: number; ended_per_second: number };
  /**
   * How far the read model is behind the log. `seconds` is the age of the oldest record that is not in it yet. `measured_at`
   * is when a projector said so last, RFC 3339; null: never.
   */
  projection_lag: { seconds: number; events: number; measured_at: string | null };
}

/**
 * @param lags the projector's own measurements. One that says that something is waiting, and was not made again, has
 *   grown since: the projector is away.
 */
export function statsOf(
  counts: readonly TaskCount[],
  lags: readonly ProjectionLagDocument[],
  { nowMs, windowMs }: { nowMs: number; windowMs: number },
): StatsResource {
  const byStatus = noTasks();
  const byType: Record<string, StatusCounts> = {};
  for (const { status, type, count } of counts) {
    byStatus[status] += count;
    (byType[type] ??= noTasks())[status] += count;
  }
  const windowS = windowMs / 1_000;
  const sum = (of: (count: TaskCount) => number) => counts.reduce((total, count) => total + of(count), 0);
  const perSecond = (count: number) => Math.round((100 * count) / windowS) / 100;
  return {
    as_of: new Date(nowMs).toISOString(),
    tasks: { total: sum(({ count }) => count), by_status: byStatus, by_type: byType },
    throughput: {
      window_seconds: windowS,
      accepted_per_second: perSecond(sum(({ accepted }) => accepted)),
      ended_per_second: perSecond(sum(({ ended }) => ended)),
    },
    projection_lag: {
      seconds: Math.max(0, ...lags.map((lag) => lagSeconds(lag, nowMs))),
      events: lags.reduce((total, { events }) => total + events, 0),
      measured_at: lags.length === 0 ? null : new Date(Math.max(...lags.map(measuredAtMs))).toISOString(),
    },
  };
}

function noTasks(): StatusCounts {
  return Object.fromEntries(taskStatuses.map((status) => [status, 0])) as StatusCounts;
}

const measuredAtMs = ({ measured_at: measuredAt }: ProjectionLagDocument) => measuredAt.getTime();

function lagSeconds({ events, seconds, measured_at }: ProjectionLagDocument, nowMs: number): number {
  if (events === 0) return seconds;
  return Math.round(1_000 * seconds + Math.max(0, nowMs - measured_at.getTime())) / 1_000;
}
