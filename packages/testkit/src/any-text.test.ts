import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { anyCharacter, anyWebUrl } from './any-text.ts';

describe('any character', () => {
  test('is one of those that Unicode has', () => {
    fc.assert(
      fc.property(anyCharacter, (character) => {
        expect(character).toMatch(/^\P{Surrogate}$/u);
      }),
    );
  });

  test.each(['\u0000', 'a', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'])('%j is one', (character) => {
    // What an arbitrary cannot make, it cannot shrink.
    expect(anyCharacter.canShrinkWithoutContext(character)).toBe(true);
  });

  test.each(['', 'ab', '\ud800', '\udfff', 7])('%j is none', (value) => {
    expect(anyCharacter.canShrinkWithoutContext(value)).toBe(false);
  });
});

test('any URL is one, of a host', () => {
  fc.assert(
    fc.property(anyWebUrl, (url) => {
      expect(new URL(url).protocol).toMatch(/^https?:$/);
      expect(new URL(url).host).not.toBe('');
    }),
    { numRuns: 40 },
  );
});
