import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { payloadSchemaHash, taskTypes } from '@nask/schemas';
import { anyWebUrl } from '@nask/testkit/any-text';
import { InvalidRequestError, MalformedJsonError, type Fault } from '../errors.ts';
import { maxNestingLevels, parseJsonText } from '../http/bodies.ts';
import { maxFaults } from '../http/schema.rules.ts';
import { createTaskRequestValidator } from './new-task.rules.ts';

const validate = createTaskRequestValidator(taskTypes);
const hashOf = (type: string) => payloadSchemaHash(taskTypes.get(type)!.payloadSchema);
const one = { type: 'prime', payloadJson: '{"input":1}', notifyUrl: null, timeoutMs: null };
const typeNames = [...taskTypes.keys()].join(', ');

describe('a body that asks for a task', () => {
  test.each([
    [
      '{"type":"prime","notify_url":"http://127.0.0.1:8000/","payload":{"input":100}}',
      { type: 'prime', payloadJson: '{"input":100}', notifyUrl: 'http://127.0.0.1:8000/', timeoutMs: null },
    ],
    [
      '{"type":"sleep","payload":{"input":0.25}}',
      { type: 'sleep', payloadJson: '{"input":0.25}', notifyUrl: null, timeoutMs: null },
    ],
    [
      '{"payload":{"input":1e3},"notify_url":null,"type":"fibonacci"}',
      { type: 'fibonacci', payloadJson: '{"input":1000}', notifyUrl: null, timeoutMs: null },
    ],
    [
      '{"type":"prime","type":"sleep","payload":{"input":5}}',
      { type: 'sleep', payloadJson: '{"input":5}', notifyUrl: null, timeoutMs: null },
    ],
    [
      '{"type":"prime","payload":{"input":1},"notify_url":"HTTPS://[::1]:8/päth?q=1#f"}',
      { type: 'prime', payloadJson: '{"input":1}', notifyUrl: 'HTTPS://[::1]:8/päth?q=1#f', timeoutMs: null },
    ],
    [
      '{"type":"prime","payload":{"input":1},"timeout":1.5}',
      { type: 'prime', payloadJson: '{"input":1}', notifyUrl: null, timeoutMs: 1_500 },
    ],
    [
      '{"type":"prime","payload":{"input":1},"timeout":null}',
      { type: 'prime', payloadJson: '{"input":1}', notifyUrl: null, timeoutMs: null },
    ],
    [
      '{"type":"prime","payload":{"input":1},"tags":["b","a_0.:=/-"],"include_result":false}',
      { ...one, tags: ['b', 'a_0.:=/-'], includeResult: false },
    ],
    ['{"type":"prime","payload":{"input":1},"tags":[],"include_result":true}', one],
  ])('%s is taken', (text, task) => {
    const { payloadSchemaHash, ...taken } = validate(parseJsonText(text));
    expect(taken).toEqual({ tags: [], includeResult: true, search: [], ...task });
    expect(payloadSchemaHash).toBe(hashOf(task.type));
  });

  test.each<[string, string, string]>([
    ['{"type":"prime","payload":{"input":5000001}}', '/payload/input', 'must be <= 5000000'],
    ['{"type":"prime","payload":{"input":0}}', '/payload/input', 'must be >= 1'],
    ['{"type":"prime","payload":{"input":1.5}}', '/payload/input', 'must be integer'],
    ['{"type":"prime","payload":{"input":"100"}}', '/payload/input', 'must be integer'],
    ['{"type":"prime","payload":{"input":true}}', '/payload/input', 'must be integer'],
    ['{"type":"sleep","payload":{"input":1e999}}', '/payload/input', 'must be number'],
    ['{"type":"sleep","payload":{"input":-0.1}}', '/payload/input', 'must be >= 0'],
    ['{"type":"prime","payload":{}}', '/payload/input', 'is required'],
    ['{"type":"prime","payload":{"input":1,"a/b~c":2}}', '/payload/a~1b~0c', 'is not a known field'],
    ['{"type":"prime","payload":{"input":1,"__proto__":{"input":2}}}', '/payload/__proto__', 'is not a known field'],
    ['{"type":"prime","payload":[]}', '/payload', 'must be object'],
    ['{"type":"prime","payload":null}', '/payload', 'must be object'],
    ['{"type":"prime"}', '/payload', 'is required'],
    ['{"payload":{"input":1}}', '/type', 'is required'],
    ['{"type":"paint","payload":{"input":1}}', '/type', `must be one of: ${typeNames}`],
    ['{"type":"toString","payload":{"input":1}}', '/type', `must be one of: ${typeNames}`],
    ['{"type":7,"payload":{"input":1}}', '/type', 'must be string'],
    ['{"type":"prime","payload":{"input":1},"priority":1}', '/priority', 'is not a known field'],
    ['{"type":"prime","payload":{"input":1},"notify_url":7}', '/notify_url', 'must be string,null'],
    ['{"type":"prime","payload":{"input":1},"notify_url":""}', '/notify_url', 'must be an absolute http or https URL'],
    [
      '{"type":"prime","payload":{"input":1},"notify_url":"/hook"}',
      '/notify_url',
      'must be an absolute http or https URL',
    ],
    [
      '{"type":"prime","payload":{"input":1},"notify_url":"http:x"}',
      '/notify_url',
      'must be an absolute http or https URL',
    ],
    [
      '{"type":"prime","payload":{"input":1},"notify_url":"http://"}',
      '/notify_url',
      'must be an absolute http or https URL',
    ],
    [
      '{"type":"prime","payload":{"input":1},"notify_url":"ftp://x/"}',
      '/notify_url',
      'must be an absolute http or https URL',
    ],
    [
      '{"type":"prime","payload":{"input":1},"notify_url":"file:///etc/passwd"}',
      '/notify_url',
      'must be an absolute http or https URL',
    ],
    [
      '{"type":"prime","payload":{"input":1},"notify_url":"http://u:p@x/"}',
      '/notify_url',
      'must not contain a user name or password',
    ],
    [
      '{"type":"prime","payload":{"input":1},"notify_url":"http://x/\\n"}',
      '/notify_url',
      'must not contain white space',
    ],
    ['{"type":"prime","payload":{"input":1},"notify_url":"http://x/\\ud800"}', '/notify_url', 'half surrogate pairs'],
    ['{"type":"prime","payload":{"input":1},"timeout":0}', '/timeout', 'must be >= 0.001'],
    ['{"type":"prime","payload":{"input":1},"timeout":86401}', '/timeout', 'must be <= 86400'],
    ['{"type":"prime","payload":{"input":1},"timeout":"5"}', '/timeout', 'must be number,null'],
    ['{"type":"prime","payload":{"input":1},"tags":"a"}', '/tags', 'must be array'],
    ['{"type":"prime","payload":{"input":1},"tags":null}', '/tags', 'must be array'],
    ['{"type":"prime","payload":{"input":1},"tags":["a",1]}', '/tags/1', 'must be string'],
    ['{"type":"prime","payload":{"input":1},"tags":[""]}', '/tags/0', 'must match pattern "^[a-z0-9_.:=/-]{1,64}$"'],
    ['{"type":"prime","payload":{"input":1},"tags":["Upper"]}', '/tags/0', 'must match pattern'],
    [
      '{"type":"prime","payload":{"input":1},"tags":["a","b","a"]}',
      '/tags',
      'must not have an item twice: items 0 and 2',
    ],
    ['{"type":"prime","payload":{"input":1},"include_result":null}', '/include_result', 'must be boolean'],
    ['{"type":"prime","payload":{"input":1},"include_result":"false"}', '/include_result', 'must be boolean'],
    ['null', '', 'must be object'],
    ['[]', '', 'must be object'],
    ['"prime"', '', 'must be object'],
    ['1', '', 'must be object'],
  ])('%s is refused at %s: %s', (text, pointer, detail) => {
    expect(faultsOf(text)).toContainEqual({ pointer, detail: expect.stringContaining(detail) });
  });

  test('a notify_url of 2,048 characters is taken, one of 2,049 is refused with the limit', () => {
    const urlOf = (length: number) => 'http://x/'.padEnd(length, 'a');
    const body = (url: string) => ({ type: 'prime', payload: { input: 1 }, notify_url: url });
    expect(validate(body(urlOf(2048))).notifyUrl).toHaveLength(2048);
    expect(faultsOf(JSON.stringify(body(urlOf(2049))))).toEqual([
      { pointer: '/notify_url', detail: 'must have at most 2048 characters' },
    ]);
  });

  test('ten tags of 64 characters are taken; eleven, or a longer one, are refused with the limit', () => {
    const body = (tags: string[]) => ({ type: 'prime', payload: { input: 1 }, tags });
    const tags = Array.from({ length: 11 }, (_, i) => String(i).padEnd(64, 'x'));
    expect(validate(body(tags.slice(0, 10))).tags).toEqual(tags.slice(0, 10));
    expect(faultsOf(JSON.stringify(body(tags)))).toEqual([{ pointer: '/tags', detail: 'must have at most 10 items' }]);
    expect(faultsOf(JSON.stringify(body([`${tags[0]}x`])))).toEqual([
      { pointer: '/tags/0', detail: 'must match pattern "^[a-z0-9_.:=/-]{1,64}$"' },
    ]);
  });

  test('every fault is named, in one answer', () => {
    const faults = faultsOf('{"type":"prime","payload":{"input":0,"x":1},"notify_url":"x","y":2}');
    expect(new Set(faults.map((fault) => 'pointer' in fault && fault.pointer))).toEqual(
      new Set(['/notify_url', '/payload/input', '/payload/x', '/y']),
    );
  });

  test('of a flood of faults some are named, with places of bounded length', () => {
    const body = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`${'x'.repeat(500)}${index}`, 1]));
    const faults = faultsOf(JSON.stringify(body));
    expect(faults).toHaveLength(maxFaults);
    expect(JSON.stringify(faults).length).toBeLessThan(maxFaults * 300);
  });

  test('whatever the body is: it is taken or refused, never a failure', () => {
    const request = fc.record(
      {
        type: fc.constantFrom('prime', 'sleep', 'x'),
        payload: fc.jsonValue(),
        notify_url: fc.oneof(anyWebUrl, fc.string()),
        tags: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
        include_result: fc.oneof(fc.boolean(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(request, fc.jsonValue()), (body) => {
        try {
          const task = validate(body);
          expect(() => JSON.parse(task.payloadJson) as unknown).not.toThrow();
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRequestError);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('a type with searchable properties', () => {
  const payloadSchema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      order: { type: 'integer', 'x-search': true },
      customer: {
        type: 'object',
        properties: { id: { type: ['string', 'null'], maxLength: 8, 'x-search': true }, note: { type: 'string' } },
      },
    },
  };
  const validateOrder = createTaskRequestValidator(new Map([['order', { name: 'order', payloadSchema }]]));

  test('given a payload, then the task has their values, and its payload is unchanged', () => {
    const payload = { order: 17, customer: { id: 'c-4', note: 'n' } };
    expect(validateOrder({ type: 'order', payload })).toMatchObject({
      payloadJson: JSON.stringify(payload),
      payloadSchemaHash: payloadSchemaHash(payloadSchema),
      search: [
        { name: 'customer.id', value: 'c-4' },
        { name: 'order', value: '17' },
      ],
    });
  });

  test('given a value that Avro cannot store as it is, then it is refused at its place', () => {
    const body = { type: 'order', payload: { customer: { id: 'a\ud800', note: '\ud800' } } };
    expect(() => validateOrder(body)).toThrow('/payload/customer/id must not contain half surrogate pairs');
    expect(validateOrder({ type: 'order', payload: { customer: { note: '\ud800' } } }).search).toEqual([]);
  });

  test('given a payload that is invalid, then the faults are those of its schema', () => {
    expect(() => validateOrder({ type: 'order', payload: { customer: { id: 'longer than 8' } } })).toThrow(
      '/payload/customer/id must have at most 8 characters',
    );
  });
});

describe('hostile JSON', () => {
  test.each([
    '',
    ' ',
    '{',
    '{"type":}',
    '{"a":NaN}',
    '{"a":Infinity}',
    "{'a':1}",
    '{"a":1,}',
    '\u0000',
    '{} {}',
    '{"a":"\n"}',
  ])('%j is malformed', (text) => {
    expect(() => parseJsonText(text)).toThrow(MalformedJsonError);
  });

  test.each([
    ['arrays', (levels: number) => '['.repeat(levels) + ']'.repeat(levels)],
    ['objects', (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)],
  ])('nested %s are taken to the limit and refused above it, at any depth', (_, nested) => {
    expect(() => parseJsonText(nested(maxNestingLevels))).not.toThrow();
    for (const levels of [maxNestingLevels + 1, 10_000]) {
      expect(() => parseJsonText(nested(levels))).toThrow(`must be nested at most ${maxNestingLevels} levels deep`);
    }
  });
});

function faultsOf(text: string): readonly Fault[] {
  try {
    validate(parseJsonText(text));
  } catch (error) {
    if (error instanceof InvalidRequestError) return error.faults;
    throw error;
  }
  throw new Error('It was taken');
}
