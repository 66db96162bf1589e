/** The generation of the read model that is read, while another one may take its place at any time. */
export interface GenerationFollower {
  /** The one to read from now; asks which one is live when that is not known yet. */
  current(): Promise<number>;
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
}

/**
 * Two generations are made from the same log and kept current side by side while readers change from one to the other,
 * but one is always a little ahead. A reader changes once the new one has all that the old one had when the switch was
 * seen, and all that any request was told meanwhile; what is told after the switch was seen, both have.
 */
export function createGenerationFollower({ readLive, readCheckpoints }: GenerationFollowerPorts): GenerationFollower {
  let current: number | undefined;
  let next: { generation: number; needs: Map<string, number> } | undefined;
  let told = new Map<string, number>();

  async function known(): Promise<number> {
    if (current !== undefined) return current;
    const live = await readLive();
    return (current ??= live);
  }

  async function begin(from: number, generation: number): Promise<void> {
    next = { generation, needs: new Map() };
    const needs = await readCheckpoints(from);
    // Meanwhile there may have been another switch.
    if (next?.generation === generation) next.needs = needs;
  }

  return {
    current: known,

    async checkpoints(ids) {
      for (;;) {
        const [from, to] = [await known(), next?.generation];
        const reached = await readCheckpoints(from, ids);
        const alsoReached = to === undefined ? undefined : await readCheckpoints(to, ids);
        if (current !== from || next?.generation !== to) continue;
        const both = alsoReached === undefined ? reached : lowest(reached, alsoReached);
        raise(told, both);
        return both;
      }
    },

    async look() {
      const [from, live] = [await known(), await readLive()];
      if (live === from) {
        next = undefined;
        return;
      }
      if (next?.generation !== live) await begin(from, live);
      const target = next;
      if (target === undefined) return;
      const reached = await readCheckpoints(target.generation);
      if (next !== target || !covers(reached, target.needs) || !covers(reached, told)) return;
      current = target.generation;
      next = undefined;
      told = new Map();
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

function raise(told: Map<string, number>, reached: ReadonlyMap<string, number>): void {
  for (const [id, offset] of reached) told.set(id, Math.max(offset, told.get(id) ?? 0));
}

function covers(reached: ReadonlyMap<string, number>, needs: ReadonlyMap<string, number>): boolean {
  return [...needs].every(([id, offset]) => (reached.get(id) ?? 0) >= offset);
}
