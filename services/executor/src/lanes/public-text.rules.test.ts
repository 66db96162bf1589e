import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { anyCharacter } from '@nask/testkit/any-text';
import { publicText } from './public-text.rules.ts';

describe('a text for events, GET and webhooks', () => {
  test('has no credentials of URLs', () => {
    expect(publicText('GET https://user:hunter2@host/?a=1&api_key=hunter2 failed', 500)).toBe(
      'GET https://***@host/?a=1&api_key=*** failed',
    );
  });

  test('has none of a URL that crosses the cut either', () => {
    const url = 'https://user:hunter2@host/?token=hunter2';
    for (let before = 0; before <= 60; before += 1) {
      const text = publicText(`${'x'.repeat(before)} ${url} ${'x'.repeat(60)}`, 60);
      expect([before, /hunt/.test(text), text.length]).toEqual([before, false, 60]);
    }
  });

  test.each([
    ['fits', 'a'.repeat(10), 'a'.repeat(10)],
    ['is too long', 'a'.repeat(11), `${'a'.repeat(9)}…`],
    ['is too long, in Chinese', '连接被拒绝，因为服务器没有响应', '连接被拒绝，因为服…'],
    ['is too long only with its credentials', 'a://u:p123@h', 'a://***@h'],
  ])('that %s is kept as far as the limit allows', (_, text, kept) => expect(publicText(text, 10)).toBe(kept));

  test('of millions of characters is cut as well', () => {
    const text = `http://${'a'.repeat(5_000_000)}:${'b'.repeat(5_000_000)}`;
    expect(publicText(text, 500)).toHaveLength(500);
  });

  test('keeps the limit and is well-formed, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (text, limit) => {
        const cut = publicText(text, limit);
        expect(cut.length).toBeLessThanOrEqual(limit);
        expect(cut.isWellFormed()).toBe(true);
        if (text.length <= limit) expect(cut).toBe(text.toWellFormed());
      }),
    );
  });
});
