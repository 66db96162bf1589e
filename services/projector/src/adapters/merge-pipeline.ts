import type { TaskDocument } from '@nask/schemas';
import type { Document } from 'mongodb';
import { slotNames, slotRules, type SlotName } from '../domain/slots.ts';

/**
 * The update that merges a document into the stored one, by the rule of `merge` in domain/evolve.ts, evaluated by the
 * server, so that two projectors that write the same task at once do no harm. As an upsert it creates the
 * document when there is none. Both of its stages name every field: that is what makes the order canonical.
 *
 * What comes from events is in `$literal`: a string that begins with `$` would be read as a field's name otherwise.
 */
export function mergePipeline(patch: TaskDocument): Document[] {
  const merged = Object.fromEntries(slotNames.map((name) => [name, keptSlot(name, patch)]));
  const kept = Object.fromEntries(slotNames.map((name) => [name, `$${name}`]));
  return [{ $replaceWith: { _id: '$_id', ...merged } }, { $replaceWith: { _id: '$_id', status, ...kept } }];
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

/** As `statusOf` in domain/evolve.ts. */
const status = {
  $ifNull: [
    '$completed.outcome',
    { $cond: [hasFailed, 'RETRY', { $cond: [isMissing('started'), 'PENDING', 'STARTED'] }] },
  ],
};
