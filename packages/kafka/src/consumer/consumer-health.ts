import type { Engine } from './engine.ts';

/** `ready`: in the group, and everything that is ours is handled. `live`: not stuck, as far as can be told; a restart would help if not. */
export interface ConsumerHealth {
  ready: boolean;
  live: boolean;
  reason?: string;
}

/**
 * Judges by progress. Not live: in the group, and the fetch loop has not gone round, or records wait that nobody
 * starts, for `progressTimeoutMs`. Handlers that run are progress however long they take, unless `batches`: then a
 * single batch that takes as long counts as stuck. Being out of the group is no reason for a restart: the consumer is
 * coming back by itself, as soon as it can.
 */
export function consumerHealth(
  engine: Engine,
  { nowMs, progressTimeoutMs, batches }: { nowMs: number; progressTimeoutMs: number; batches: boolean },
): ConsumerHealth {
  const stuck = engine.assignments.membership === null ? null : stuckBecause(engine, nowMs, progressTimeoutMs, batches);
  if (engine.fatal !== null) return { ready: false, live: false, reason: engine.fatal.message };
  if (stuck !== null) return { ready: false, live: false, reason: stuck };
  const unready = unreadyBecause(engine);
  return unready === null ? { ready: true, live: true } : { ready: false, live: true, reason: unready };
}

function stuckBecause(engine: Engine, nowMs: number, progressTimeoutMs: number, batches: boolean): string | null {
  const sincePollMs = nowMs - engine.lastPollMs;
  if (sincePollMs > progressTimeoutMs) return `nothing was fetched for ${sincePollMs} ms`;

  const sinceProgressMs = nowMs - engine.lastProgressMs;
  if (sinceProgressMs <= progressTimeoutMs) return null;
  const isWorking = [...engine.inFlight.values()].some((running) => running > 0);
  if (isWorking) return batches ? `a batch has been running for ${sinceProgressMs} ms` : null;
  const waiting = engine.assignments.partitions.filter(
    ({ status, stoppedBecause, bufferedRecords, waitsUntilMs }) =>
      status === 'flowing' && stoppedBecause === null && bufferedRecords > 0 && waitsUntilMs <= nowMs,
  );
  return waiting.length === 0 ? null : `records wait and none was started for ${sinceProgressMs} ms`;
}

function unreadyBecause(engine: Engine): string | null {
  if (engine.assignments.membership === null) return 'not in the group';
  for (const { id, stoppedBecause, status, tracker, logStart } of engine.assignments.partitions) {
    if (status !== 'flowing') return `${id} is being taken over`;
    if (stoppedBecause !== null) return `${id} is stopped: ${stoppedBecause}`;
    if (tracker.watermark < logStart)
      return `${id}: retention took records from ${tracker.watermark} on that are not done; the log begins at ${logStart}`;
  }
  return null;
}
