import { describe, expect, test } from '@jest/globals';
import { avroSchemas } from './files.ts';
import { errorCodePattern, errorLimits } from './task-errors.ts';

describe('the code of an error', () => {
  test.each(['unknown-task-type', 'ECONNREFUSED', 'ERR_MODULE_NOT_FOUND', 'storage.quota', '23505'])(
    'may be %s',
    (code) => expect(code).toMatch(errorCodePattern),
  );

  test.each(['', 'two words', 'a/b', 'ä', 'line\n', 'x'.repeat(65)])('may not be %j', (code) => {
    expect(code).not.toMatch(errorCodePattern);
  });
});

test('the limits are those that the schema’s texts name', () => {
  const texts = JSON.stringify(avroSchemas.TaskCompleted);
  expect(texts).toContain('1 to 64 characters of A-Z, a-z, 0-9, `_`, `.` and `-`');
  expect(texts).toContain(`one sentence, at most ${errorLimits.messageLength.toLocaleString('en')} characters`);
  expect(texts).toContain(`the nearest first: at most ${errorLimits.causes}.`);
  expect(texts).toContain(`At most ${errorLimits.causeNameLength} characters.`);
  expect(texts).toContain(`For people: at most ${errorLimits.causeMessageLength} characters.`);
});
