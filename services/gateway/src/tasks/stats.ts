import { taskStatuses, type ProjectionLagDocument, type TaskStatus } from '@nask/schemas';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';
import { schemaRef } from '../http/schema.rules.ts';

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
interface StatsResource {
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

const countSchema = { type: 'integer', minimum: 0 };
const figureSchema = { type: 'number', minimum: 0 };

export const getStatsOperation: Operation = {
  operationId: 'getStats',
  summary: 'The service in figures',
  description: 'Tasks by status and type, throughput, and how far the read model is behind. Some seconds old.',
  tags: ['about'],
  responses: responses({ 200: jsonResponse('The figures.', schemaRef('Stats')) }, ['read-model-unavailable']),
  schemas: {
    StatusCounts: {
      type: 'object',
      required: taskStatuses,
      additionalProperties: false,
      properties: Object.fromEntries(taskStatuses.map((status) => [status, countSchema])),
    },
    Stats: {
      type: 'object',
      required: ['as_of', 'tasks', 'throughput', 'projection_lag'],
      additionalProperties: false,
      properties: {
        as_of: { type: 'string', format: 'date-time', description: 'When the figures were taken.' },
        tasks: {
          type: 'object',
          required: ['total', 'by_status', 'by_type'],
          additionalProperties: false,
          properties: {
            total: countSchema,
            by_status: schemaRef('StatusCounts'),
            by_type: { type: 'object', additionalProperties: schemaRef('StatusCounts') },
          },
        },
        throughput: {
          type: 'object',
          description: 'Averages over the last `window_seconds`.',
          required: ['window_seconds', 'accepted_per_second', 'ended_per_second'],
          additionalProperties: false,
          properties: {
            window_seconds: figureSchema,
            accepted_per_second: figureSchema,
            ended_per_second: figureSchema,
          },
        },
        projection_lag: {
          type: 'object',
          description: 'How far the read model is behind the log.',
          required: ['seconds', 'events', 'measured_at'],
          additionalProperties: false,
          properties: {
            seconds: { ...figureSchema, description: 'Age of the oldest event that is not in it yet.' },
            events: { ...countSchema, description: 'How many are not.' },
            measured_at: {
              type: ['string', 'null'],
              format: 'date-time',
              description: 'When a projector said so last: at least every 10 s while one is at work. Null: never.',
            },
          },
        },
      },
    },
  },
};

/** `GET /api/stats`: the service in figures. */
export function getStats({ operations }: { operations: { stats(): Promise<StatsResource> } }): RouteHandler {
  return async (ctx) => {
    ctx.set('Cache-Control', 'private, no-cache');
    ctx.body = await operations.stats();
  };
}

/**
 * Keeps the answer to a costly question: asked once for all who want to know, and not again for a while, which is the
 * longer the more the answer cost.
 * @param minAgeMs the least time that an answer is kept
 * @param costFactor how many times as long as the question took its answer is kept at least: 10 makes the asking take
 *   at most a tenth of the time
 */
export function keepAnswer<T>(
  ask: () => Promise<T>,
  { nowMs, minAgeMs, costFactor }: { nowMs: () => number; minAgeMs: number; costFactor: number },
): () => Promise<T> {
  let asking: Promise<T> | undefined;
  let kept: { answer: T; untilMs: number } | undefined;

  async function askNow(): Promise<T> {
    const startedAtMs = nowMs();
    try {
      const answer = await ask();
      const answeredAtMs = nowMs();
      kept = { answer, untilMs: answeredAtMs + Math.max(minAgeMs, costFactor * (answeredAtMs - startedAtMs)) };
      return answer;
    } finally {
      asking = undefined;
    }
  }

  return async () => {
    if (kept !== undefined && nowMs() < kept.untilMs) return kept.answer;
    return (asking ??= askNow());
  };
}
