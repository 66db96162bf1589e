import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Slots } from './slots.ts';

test('slots have what was added and not removed, and take no more room than there was at once', () => {
  const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.nat()), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (steps) => {
      const slots = new Slots<object>();
      const present = new Map<number, object>();
      let most = 0;
      for (const step of steps) {
        if (step === 'add') {
          const item = {};
          const slot = slots.add(item);
          expect(present.has(slot)).toBe(false);
          present.set(slot, item);
          most = Math.max(most, present.size);
          expect(slot).toBeLessThan(most);
        } else if (present.size > 0) {
          const slot = [...present.keys()][step % present.size]!;
          slots.remove(slot);
          present.delete(slot);
        }
        expect(slots.size).toBe(present.size);
        expect(new Set(slots.all())).toEqual(new Set(present.values()));
        expect(slots.all()).toHaveLength(present.size);
      }
    }),
  );
});
