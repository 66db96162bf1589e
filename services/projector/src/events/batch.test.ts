import { describe, expect, test } from '@jest/globals';
import type { TaskDocument } from '@nask/schemas';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { inAnyOrder, inBatches, modelOf, taskLog } from '../fixtures/task-log.ts';
import { foldBatch } from './batch.ts';
import { merge } from './evolve.ts';

describe('folding batches', () => {
  test('given any events in any order, cut into any batches, then the merged batches are what the log in order makes', () => {
    const batchesOfALog = taskLog.chain((log) =>
      fc.record({ log: fc.constant(log), batches: inAnyOrder(log).chain(inBatches) }),
    );
    fc.assert(
      fc.property(batchesOfALog, ({ log, batches }) => {
        const stored = new Map<number, TaskDocument>();
        for (const batch of batches)
          for (const [id, document] of foldBatch(batch)) stored.set(id, merge(stored.get(id), document));

        const model = modelOf(log);
        expect(new Set(stored.keys())).toEqual(new Set(model.keys()));
        for (const [id, document] of stored)
          expect(Buffer.compare(BSON.serialize(document), BSON.serialize(model.get(id)!))).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('a task costs one document however many of its events are in the batch', () => {
    fc.assert(
      fc.property(taskLog, (log) => {
        expect(foldBatch([...log, ...log]).size).toBe(new Set(log.map(({ event }) => event.data.task_id)).size);
      }),
    );
  });
});
