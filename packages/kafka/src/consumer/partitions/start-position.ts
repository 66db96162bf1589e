import { decodeCommitMetadata } from './commit-metadata.ts';
import { OffsetTracker } from './offset-tracker.ts';
import type { Commit, LogBounds } from '../group/group-client.ts';

/** Where a partition begins, and what is to be said about it. */
export interface StartPosition {
  tracker: OffsetTracker;
  /** `expired`: retention took records that were not done. `beyond-end`: the log is shorter than it was. */
  warning: 'expired' | 'beyond-end' | null;
}

/** From the group's commit: behind what is done. Without one, or with one of another log, from the log's start. */
export function startAtCommit(commit: Pick<Commit, 'offset' | 'metadata'> | null, bounds: LogBounds): StartPosition {
  if (commit === null) return { tracker: new OffsetTracker(bounds.logStart), warning: null };
  return startAt(commit.offset, decodeCommitMetadata(commit.metadata)?.runs ?? [], bounds);
}

/** From a checkpoint that is kept elsewhere; undefined when it has none of this partition. */
export function startAtCheckpoint(offset: number | undefined, bounds: LogBounds): StartPosition {
  return startAt(offset ?? bounds.logStart, [], bounds);
}

function startAt(offset: number, runs: readonly number[], { logStart, logEnd }: LogBounds): StartPosition {
  // The offsets of a log that was made anew say nothing about ours: everything is read, which repeats and loses nothing.
  if (offset > logEnd) return { tracker: new OffsetTracker(logStart), warning: 'beyond-end' };
  const tracker = new OffsetTracker(offset, runs);
  if (tracker.watermark >= logStart) return { tracker, warning: null };
  tracker.skipTo(logStart);
  return { tracker, warning: 'expired' };
}
