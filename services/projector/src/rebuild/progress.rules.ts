/** How far a rebuild is, at one moment: what a partition's log holds, and the next offset to read. */
export interface PartitionProgress {
  readonly id: string;
  readonly logStart: number;
  readonly logEnd: number;
  /** Undefined: not begun. */
  readonly checkpoint: number | undefined;
}

interface Progress {
  /** Records of the log. */
  readonly total: number;
  /** Of them, those that are in the new read model. */
  readonly done: number;
}

export function progressOf(partitions: readonly PartitionProgress[]): Progress {
  const doneOf = ({ logStart, logEnd, checkpoint }: PartitionProgress) =>
    Math.min(Math.max((checkpoint ?? logStart) - logStart, 0), logEnd - logStart);
  return {
    total: partitions.reduce((sum, { logStart, logEnd }) => sum + logEnd - logStart, 0),
    done: partitions.reduce((sum, partition) => sum + doneOf(partition), 0),
  };
}

/**
 * Whether the new read model is as good as the live one: what the log had at an earlier look is in it, in every
 * partition. While events go on arriving it never has all that the log has now.
 * @param earlier the look before, a moment ago
 */
export function hasCaughtUp(earlier: readonly PartitionProgress[], now: readonly PartitionProgress[]): boolean {
  const checkpoints = new Map(now.map(({ id, checkpoint }) => [id, checkpoint]));
  return earlier.length > 0 && earlier.every(({ id, logEnd }) => (checkpoints.get(id) ?? -1) >= logEnd);
}

/**
 * One line for people: a bar, events, rate and time left.
 * @param startedDone what was done when this run began
 * @param elapsedMs since then
 */
export function progressLine({ total, done }: Progress, startedDone: number, elapsedMs: number): string {
  const width = 30;
  const share = total === 0 ? 1 : done / total;
  const filled = Math.floor(share * width);
  const perSecond = elapsedMs > 0 ? ((done - startedDone) * 1_000) / elapsedMs : 0;
  const left = perSecond > 0 ? duration((total - done) / perSecond) : 'unknown';
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  const counts = `${done.toLocaleString('en')} of ${total.toLocaleString('en')} events`;
  return `${bar} ${Math.floor(share * 100)} %  ${counts}, ${Math.round(perSecond).toLocaleString('en')}/s, time left ${left}`;
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
