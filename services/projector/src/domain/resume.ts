/** A partition that was assigned, and what its log holds: offsets from `logStart` up to, not including, `logEnd`. */
export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly logStart: number;
  readonly logEnd: number;
}

/** Where to go on reading a partition, and what is to be said about it. */
export type Resumption =
  | { readonly kind: 'resume'; readonly from: number }
  /** Retention removed this many records before they were projected. */
  | { readonly kind: 'missed'; readonly from: number; readonly records: number }
  | { readonly kind: 'beyond-log-end'; readonly checkpoint: number };

/**
 * Where the projector goes on in a partition: at its checkpoint; at the log's start where there is no checkpoint, or
 * where retention has removed what it points at.
 *
 * A checkpoint beyond the log's end says that the log is not the one that was projected: the topic was recreated, or
 * lost records. The documents are another log's, so nothing may be merged into them.
 * @param checkpoint the next offset to read, as stored; undefined: none
 */
export function resumption({ logStart, logEnd }: AssignedPartition, checkpoint: number | undefined): Resumption {
  if (checkpoint === undefined) return { kind: 'resume', from: logStart };
  if (checkpoint > logEnd) return { kind: 'beyond-log-end', checkpoint };
  if (checkpoint < logStart) return { kind: 'missed', from: logStart, records: logStart - checkpoint };
  return { kind: 'resume', from: checkpoint };
}
