import type { Events, SlotName, slotTopics, TaskDocument, topics } from '@nask/schemas';
import type { Document } from 'mongodb';

/** The topics that fill the slots of a task's document. */
export type TaskTopic = (typeof slotTopics)[SlotName];

type EventOfSlot<S extends SlotName> = (typeof topics)[(typeof slotTopics)[S]]['event'];

/** The events that make up a task's document. */
export type TaskEventName = EventOfSlot<SlotName>;

/** One event of a task, decoded. Two topics carry the same event and fill different slots, so it is identified by its topic. */
export type TaskEvent = {
  [S in SlotName]: { readonly topic: (typeof slotTopics)[S]; readonly data: Events[EventOfSlot<S>] };
}[SlotName];

/** An event and its offset in its topic. A task has one partition number in all of them. */
export interface LoggedEvent {
  readonly event: TaskEvent;
  readonly offset: number;
}

/** The part of a history entry that differs from event to event. */
interface HistoryDetails {
  /** Attempt of the task; null for an event that belongs to none. */
  attempt: number | null;
  /** For people, without payload and result: the task's document has those. */
  data: Record<string, unknown>;
}

/** What the projector does with an event: one file each. `D` is the event's data, `V` the value of its slot. */
export interface EventRules<D = TaskEvent['data'], V extends Ranked = Ranked, F extends string = string> {
  /** Which of several events the slot keeps. */
  readonly keeps: MergeRule<V>;
  /** The time field of event and slot: the time of a history entry, and `created_at` of a document without a request. */
  readonly time: F;
  /** The value of the slot, its fields in the order of the read model's types; optional ones only where they have a value. */
  toSlot(data: D, offset: number): V;
  /** The event in the task's history; null: it is not in it. */
  readonly history: {
    /** Of several events only the one with the highest offset is kept. */
    readonly newestOnly?: true;
    detailsOf(data: D): HistoryDetails;
  } | null;
  /** Why the event cannot be true, see `impossibility`; undefined: it can. */
  faultOf(data: D): string | undefined;
  /**
   * From when the retention of the task counts, in ms since 1970. Only of events that carry the times of their request;
   * such an event is not projected once the retention of its task has ended.
   */
  keptFromMs?(data: D): number;
}

type ValueOf<S extends SlotName> = NonNullable<TaskDocument[S]>;

type DateFieldOf<V> = { [F in keyof V]: V[F] extends Date ? F : never }[keyof V];

/** The rules of the event that fills a slot. */
export type RulesOf<S extends SlotName> = EventRules<
  Events[EventOfSlot<S>],
  ValueOf<S>,
  DateFieldOf<ValueOf<S>> & keyof Events[EventOfSlot<S>] & string
>;

/** Checks the rules of an event against the contract's types. `S`: a slot that it fills. */
export function defineEvent<S extends SlotName>(rules: RulesOf<S>): RulesOf<S> {
  return rules;
}

/** The fields of a slot that merge rules compare. */
export interface Ranked {
  readonly offset: number;
  readonly attempt?: number;
}

/**
 * Merge rule of a slot: picks the winner of two events. Each rule is a total order of the events of a slot, so arrival
 * order does not matter. It has two forms, which the tests hold against each other.
 */
interface MergeRule<R extends Ranked = Ranked> {
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

/** The times that RFC 3339 can express, years 1 to 9999: clients get no others, and not every database stores others. */
const minTimeMs = Date.parse('0001-01-01T00:00:00.000Z');
const maxTimeMs = Date.parse('9999-12-31T23:59:59.999Z');

/** @param timeMs null: the event has no such time */
export function timeFault(field: string, timeMs: number | null): string | undefined {
  if (timeMs === null || (timeMs >= minTimeMs && timeMs <= maxTimeMs)) return undefined;
  return `${field} is ${timeMs}; it has to be from ${minTimeMs} to ${maxTimeMs} (years 1 to 9999)`;
}

/** `keptFromMs` of an event with the times of its request. */
export function laterOf({ requested_at, run_at }: { requested_at: number; run_at: number | null }): number {
  return run_at === null ? requested_at : Math.max(requested_at, run_at);
}

export function fractionFault(field: string, fraction: number): string | undefined {
  return fraction >= 0 && fraction <= 1 ? undefined : `${field} is ${fraction}; it has to be from 0 to 1`;
}

export function jsonFault(field: string, text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `${field} is not JSON text: ${(error as SyntaxError).message}`;
  }
}
