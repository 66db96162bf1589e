import type { TaskDocument } from '@nask/schemas';
import type { Document } from 'mongodb';
import { latestSlots, slotNames, type SlotName } from '../domain/slots.ts';

/**
 * The update that merges a document into the stored one, by the rule of `merge` in domain/evolve.ts, evaluated by the
 * server, so that two projectors that write the same task at once do no harm. As an upsert it creates the
 * document when there is none. Both of its stages name every field: that is what makes the order canonical.
 *
 * What comes from events is in `$literal`: a string that begins with `$` would be read as a field's name otherwise.
 */
export function mergePipeline(patch: TaskDocument): Document[] {
  const merged = Object.fromEntries(slotNames.map((name) => [name, mergedSlot(name, patch)]));
  const kept = Object.fromEntries(slotNames.map((name) => [name, `$${name}`]));
  return [{ $replaceWith: { _id: '$_id', ...merged } }, { $replaceWith: { _id: '$_id', status, ...kept } }];
}

/** A field that is missing stays missing: an expression that comes to nothing leaves its field out. */
function mergedSlot(name: SlotName, patch: TaskDocument): unknown {
  const slot = patch[name];
  if (slot === undefined) return `$${name}`;
  const takesOver = latestSlots.has(name)
    ? { $gt: [slot.offset, { $ifNull: [`$${name}.offset`, -1] }] }
    : { $lt: [slot.offset, { $ifNull: [`$${name}.offset`, Number.MAX_SAFE_INTEGER] }] };
  return { $cond: [takesOver, { $literal: slot }, `$${name}`] };
}

/** As `statusOf` in domain/evolve.ts. */
const status = {
  $ifNull: ['$completed.outcome', { $cond: [{ $eq: [{ $type: '$started' }, 'missing'] }, 'PENDING', 'STARTED'] }],
};
