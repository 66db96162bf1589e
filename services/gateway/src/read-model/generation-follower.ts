import type { SeenRecord } from './task-state.rules.ts';

/** The generation of the read model that is read, while another one may take its place at any time. */
export interface GenerationFollower {
  /** The one to read from now; asks which one is live when that is not known yet. */
  current(): Promise<number>;
  /**
   * Reads from the current generation what clients are to see. What comes after a change to another one was made is read
   * again there. So no answer is older than one that was given before, unless a projector's own work is undone.
   * @param seen the records that an answer shows
   */
  read<T>(operation: (generation: number) => Promise<T>, seen: (answer: T) => readonly SeenRecord[]): Promise<T>;
  /**
   * The next offset to read of partitions: a position that is reached here is reached for whoever reads a document
   * afterwards, also when another generation is read by then.
   */
  checkpoints(ids: string[]): Promise<Map<string, number>>;
  /** Looks whether another generation is live, and goes on with that once nothing would be missed in it. */
  look(): Promise<void>;
}

export interface GenerationFollowerPorts {
  /** Which generation is live. */
  readLive(): Promise<number>;
  /** Its checkpoints; without ids all of them. Empty when it was dropped. */
  readCheckpoints(generation: number, ids?: string[]): Promise<Map<string, number>>;
  /** The next offset that each partition gets, by the ids of the checkpoints. */
  readLogEnds(): Promise<Map<string, number>>;
  /** The id of the checkpoint of a record; asked only after the log's ends were read once. */
  checkpointOf(record: SeenRecord): string;
}

/** A change that is under way. */
interface Change {
  to: number;
  /** Whether it is noted what is read of the old one. */
  isNoted: boolean;
  /** What the new one has to have: all that was in the log when the switch was seen. Not known yet: undefined. */
  needs?: ReadonlyMap<string, number>;
  /** Where the old one is of another log (a topic was made anew): what it has says nothing about the new one. */
  strange: ReadonlySet<string>;
}

/**
 * Two generations are made from the same log and kept current side by side while readers change from one to the other,
 * but one is always a little ahead. A reader changes once the new one has all that was in the log when the switch was
 * seen, and all that any request was told or shown since.
 */
export function createGenerationFollower(ports: GenerationFollowerPorts): GenerationFollower {
  const { readLive, readCheckpoints, readLogEnds, checkpointOf } = ports;
  let current: number | undefined;
  let next: Change | undefined;
  let answered = new Map<string, number>();

  async function known(): Promise<number> {
    if (current !== undefined) return current;
    const live = await readLive();
    return (current ??= live);
  }

  const reachedBy = (record: SeenRecord) => [checkpointOf(record), record.offset + 1] as const;

  async function prepare(from: number, change: Change): Promise<void> {
    await readLogEnds();
    change.isNoted = true;
    // What was read before this moment is below the ends as they are from here on. A checkpoint is never ahead of its
    // own log, so it is read first.
    const reached = await readCheckpoints(from);
    const ends = await readLogEnds();
    const strange = [...reached].flatMap(([id, offset]) => (offset > (ends.get(id) ?? 0) ? [id] : []));
    Object.assign(change, { needs: ends, strange: new Set(strange) });
  }

  function mayChange({ needs, strange }: Change, reached: ReadonlyMap<string, number>): boolean {
    const answeredOfThisLog = [...answered].filter(([id]) => !strange.has(id));
    return needs !== undefined && covers(reached, needs) && covers(reached, answeredOfThisLog);
  }

  return {
    current: known,

    async read(operation, seen) {
      for (;;) {
        const from = await known();
        const answer = await operation(from);
        if (current !== from) continue;
        if (next?.isNoted) raise(answered, seen(answer).map(reachedBy));
        return answer;
      }
    },

    async checkpoints(ids) {
      for (;;) {
        const [from, to] = [await known(), next?.to];
        const reached = await readCheckpoints(from, ids);
        const alsoReached = to === undefined ? undefined : await readCheckpoints(to, ids);
        if (current !== from || next?.to !== to) continue;
        const both = alsoReached === undefined ? reached : lowest(reached, alsoReached);
        raise(answered, both);
        return both;
      }
    },

    async look() {
      const [from, live] = [await known(), await readLive()];
      if (live === from) {
        next = undefined;
        return;
      }
      if (next?.to !== live) next = { to: live, isNoted: false, strange: new Set() };
      const change = next;
      if (change.needs === undefined) await prepare(from, change);
      const reached = await readCheckpoints(live);
      if (next !== change || !mayChange(change, reached)) return;
      current = live;
      next = undefined;
      answered = new Map();
    },
  };
}

function lowest(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): Map<string, number> {
  const both = [...one].flatMap(([id, offset]) => {
    const otherOffset = other.get(id);
    return otherOffset === undefined ? [] : [[id, Math.min(offset, otherOffset)] as const];
  });
  return new Map(both);
}

function raise(answered: Map<string, number>, reached: Iterable<readonly [string, number]>): void {
  for (const [id, offset] of reached) answered.set(id, Math.max(offset, answered.get(id) ?? 0));
}

function covers(reached: ReadonlyMap<string, number>, needs: Iterable<readonly [string, number]>): boolean {
  return [...needs].every(([id, offset]) => (reached.get(id) ?? 0) >= offset);
}
