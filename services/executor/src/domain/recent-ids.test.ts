import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { RecentIds } from './recent-ids.ts';

test('the last ids that were added first are remembered, up to the limit, and no others', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 })), fc.integer({ min: 1, max: 8 }), (ids, limit) => {
      const recent = new RecentIds(limit);
      const remembered: number[] = [];
      for (const id of ids) {
        recent.add(id);
        if (!remembered.includes(id)) remembered.push(id);
        if (remembered.length > limit) remembered.shift();
      }
      for (let id = 1; id <= 20; id++) expect(recent.has(id)).toBe(remembered.includes(id));
    }),
  );
});
