import { expect, test } from '@jest/globals';
import { waitPreference } from './preferred-wait.ts';

test.each([
  ['wait=10', 10],
  ['Wait = 10', 10],
  ['wait="10"', 10],
  ['respond-async, wait=10', 10],
  ['return=minimal; foo=bar, wait=3; x=y', 3],
  ['wait=5, wait=9', 5],
  ['wait=0', 0],
])('%j prefers to wait', (header, seconds) => expect(waitPreference(header)).toBe(seconds));

test.each([
  '',
  'wait',
  'wait=',
  'wait=soon',
  'wait=-1',
  'wait=1.5',
  'wait=9999999999',
  'await=1',
  'x="wait=1"',
  'x'.repeat(2_000),
])('%j says nothing of a wait', (header) => expect(waitPreference(header)).toBeUndefined());
