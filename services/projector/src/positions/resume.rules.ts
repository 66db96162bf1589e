import type { LogBounds } from '@nask/kafka';

/** A partition and what its log has: offsets from `logStart` up to, not including, `logEnd`. */

/** How far a partition was projected, and of which topic. */
export interface ReachedPosition {
  /** The next offset to read. */
  readonly nextOffset: number;
  /** The id of the topic whose log it is; undefined: not known. */
  readonly topicId?: string | undefined;
}

/** Where to go on reading a partition. */
export type Resumption =
  | { readonly kind: 'resume'; readonly from: number }
  /** Retention removed this many records before they were projected. */
  | { readonly kind: 'missed'; readonly from: number; readonly records: number }
  | { readonly kind: 'another-log'; readonly why: 'recreated' | 'beyond-log-end' };

/**
 * Where the projector goes on in a partition: at its checkpoint; at the log's start where there is no checkpoint, or
 * where retention has removed what it points at.
 *
 * A checkpoint of a topic with another id, or beyond the log's end, says that the log is not the one that was projected:
 * the topic was recreated, or lost records. The documents are another log's, so nothing may be merged into them. Only the
 * id shows a topic that was recreated and has grown past the checkpoint. Where one of the two ids is not known,
 * the offset has to do.
 * @param topicId the topic's present id
 * @param checkpoint as stored; undefined: none
 */
export function resumption(
  { logStart, logEnd }: LogBounds,
  topicId: string | undefined,
  checkpoint: ReachedPosition | undefined,
): Resumption {
  if (checkpoint === undefined) return { kind: 'resume', from: logStart };
  const { nextOffset } = checkpoint;
  if (isAnother(checkpoint.topicId, topicId)) return { kind: 'another-log', why: 'recreated' };
  if (nextOffset > logEnd) return { kind: 'another-log', why: 'beyond-log-end' };
  if (nextOffset < logStart) return { kind: 'missed', from: logStart, records: logStart - nextOffset };
  return { kind: 'resume', from: nextOffset };
}

function isAnother(known: string | undefined, present: string | undefined): boolean {
  return known !== undefined && present !== undefined && known !== present;
}
