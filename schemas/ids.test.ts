import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { derivedEventId } from './ids.ts';

const parts = fc.tuple(
  fc.constantFrom('TaskStarted' as const, 'TaskCompleted' as const),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: 0, max: 1_000 }),
);

describe('the id of an event that follows from what it tells', () => {
  test('is the same for ever: subscribers have stored it', () => {
    expect(derivedEventId('TaskCompleted', 4, 1)).toBe('65b7b880-4db4-8f83-9071-9dbf78dad4d1');
  });

  test('is a UUIDv8', () => {
    fc.assert(
      fc.property(parts, (of) => {
        expect(derivedEventId(...of)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });

  test('is the same for the same task, kind and attempt, and another for any other', () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(derivedEventId(...one) === derivedEventId(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
        expect(derivedEventId(...one)).toBe(derivedEventId(...one));
      }),
    );
  });
});
