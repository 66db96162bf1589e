import type { TaskDocument } from '@nask/schemas';
import type { Document } from 'mongodb';
import { slotNames, slotRules, slotTimes, type SlotName } from './slots.ts';

/**
 * The update that merges a document into the stored one, by the rule of `merge` in domain/evolve.ts, evaluated by the
 * server, so that two projectors that write the same task at once do no harm. Both of its stages name every field: that is
 * what makes the order canonical. It is not for an upsert: stores order the fields of what they upsert as they like.
 *
 * What comes from events is in `$literal`: a string that begins with `$` would be read as a field's name otherwise.
 */
export function mergePipeline(patch: TaskDocument): Document[] {
  const merged = Object.fromEntries(slotNames.map((name) => [name, keptSlot(name, patch)]));
  const kept = Object.fromEntries(slotNames.map((name) => [name, `$${name}`]));
  const document = { _id: '$_id', status, created_at: createdAt, ...kept };
  const stub = { _id: '$_id', status: 'ERASED', created_at: `$erased.${slotTimes.erased}`, erased: '$erased' };
  return [
    { $replaceWith: { _id: '$_id', ...merged } },
    { $replaceWith: { $cond: [isMissing('erased'), document, stub] } },
  ];
}

/** A field that is missing stays missing: an expression that comes to nothing leaves its field out. */
function keptSlot(name: SlotName, patch: TaskDocument): unknown {
  const slot = patch[name];
  if (slot === undefined) return `$${name}`;
  return { $cond: [replaces(name, slot), { $literal: slot }, `$${name}`] };
}

/** As `replaces` in domain/evolve.ts, and true where nothing is stored. */
function replaces(name: SlotName, { offset, ...slot }: { offset: number; attempt?: number }): Document {
  if (slotRules[name] === 'last') return { $gt: [offset, { $ifNull: [`$${name}.offset`, -1] }] };
  const isEarlier = { $lt: [offset, { $ifNull: [`$${name}.offset`, Number.MAX_SAFE_INTEGER] }] };
  if (slotRules[name] === 'first') return isEarlier;
  const storedAttempt = { $ifNull: [`$${name}.attempt`, -(2 ** 31) - 1] };
  const isSameAttempt = { $eq: [slot.attempt, storedAttempt] };
  return { $or: [{ $gt: [slot.attempt, storedAttempt] }, { $and: [isSameAttempt, isEarlier] }] };
}

const isMissing = (name: SlotName) => ({ $eq: [{ $type: `$${name}` }, 'missing'] });
const hasFailed = {
  $and: [
    { $not: [isMissing('attempt_failed')] },
    { $gte: ['$attempt_failed.attempt', { $ifNull: ['$started.attempt', 0] }] },
  ],
};

/** As `createdAtOf` in domain/evolve.ts. */
const createdAt = slotNames
  .map((name) => `$${name}.${slotTimes[name]}`)
  .reduceRight<unknown>((later, time) => ({ $ifNull: [time, later] }), null);

/** As `statusOf` in domain/evolve.ts, of what was not erased. */
const status = {
  $ifNull: [
    '$completed.outcome',
    { $cond: [hasFailed, 'RETRY', { $cond: [isMissing('started'), 'PENDING', 'STARTED'] }] },
  ],
};
