import type { Document } from 'mongodb';

/** The fields of a slot that merge rules compare. */
export interface Ranked {
  readonly offset: number;
  readonly attempt?: number;
}

/**
 * Merge rule of a slot: picks the winner of two events. Each rule is a total order of the events of a slot, so arrival
 * order does not matter. It has two forms, which the tests hold against each other.
 */
export interface MergeRule<R extends Ranked = Ranked> {
  /** In memory: whether `other` replaces `kept`. */
  replaces(kept: R, other: R): boolean;
  /** In the database: an expression that is true when `other` replaces the stored slot, or nothing is stored. */
  replacesStored(slot: string, other: R): Document;
}

/** The first event in the log. */
export const lowestOffset: MergeRule = {
  replaces: (kept, other) => other.offset < kept.offset,
  replacesStored: (slot, { offset }) => ({ $lt: [offset, { $ifNull: [`$${slot}.offset`, Number.MAX_SAFE_INTEGER] }] }),
};

/** The last event in the log. */
export const highestOffset: MergeRule = {
  replaces: (kept, other) => other.offset > kept.offset,
  replacesStored: (slot, { offset }) => ({ $gt: [offset, { $ifNull: [`$${slot}.offset`, -1] }] }),
};

/** The highest attempt; of several events of it the first in the log. */
export const highestAttempt: MergeRule<Ranked & { attempt: number }> = {
  replaces: (kept, other) =>
    other.attempt === kept.attempt ? lowestOffset.replaces(kept, other) : other.attempt > kept.attempt,
  replacesStored(slot, other) {
    const stored = { $ifNull: [`$${slot}.attempt`, -(2 ** 31) - 1] };
    const isEarlier = lowestOffset.replacesStored(slot, other);
    return { $or: [{ $gt: [other.attempt, stored] }, { $and: [{ $eq: [other.attempt, stored] }, isEarlier] }] };
  },
};
