import { expect, test } from '@jest/globals';
import { unreadyReason } from './service-process.ts';

const away = { ok: false, reason: 'does not answer' };

test.each([
  [
    'its failed checks and dependencies, without the phase',
    { checks: { phase: { ok: false, reason: 'starting' }, a: { ok: true }, b: away }, dependencies: { store: away } },
    'b: does not answer; store: does not answer',
  ],
  ['the phase where nothing else fails', { checks: { phase: { ok: false, reason: 'starting' } } }, 'phase: starting'],
  ['nothing without a failed check', { checks: {} }, undefined],
])('the reason of a service that is not ready is %s', (_what, body, reason) => {
  expect(unreadyReason(JSON.stringify(body))).toBe(reason);
});

test('a body that is no report has no reason', () => {
  expect(unreadyReason('<html>')).toBeUndefined();
});
