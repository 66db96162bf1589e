import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { eventWithDefaults, taskTypes } from '@nask/schemas';
import fibonacci from '../handlers/fibonacci.ts';
import prime from '../handlers/prime.ts';
import sleep from '../handlers/sleep.ts';
import { decide } from './lane-choice.rules.ts';
import type { Handler } from '../task-types/handler.ts';
import { payloadCheck, type LoadedType } from '../task-types/load-handlers.ts';

const types = new Map<string, LoadedType>(
  [sleep, prime, fibonacci].map((handler) => [
    handler.type,
    { handler, checkPayload: payloadCheck(taskTypes.get(handler.type)!), file: '' },
  ]),
);
const requested = (type: string, payload: string) =>
  eventWithDefaults('TaskRequested', {
    event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10',
    task_id: 1,
    type,
    payload,
    requested_at: 0,
  });
const decideOn = (type: string, payload: unknown) => decide(requested(type, JSON.stringify(payload)), types);

describe('what to do with a requested task', () => {
  test('one that may have begun when a process died has its start in the log before it runs', () => {
    const tiny = requested('prime', '{"input":1}');
    expect(decide(tiny, types, false)).toMatchObject({ lane: 'inline' });
    expect(decide(tiny, types, true)).toMatchObject({ lane: 'thread' });
  });

  test.each([
    ['sleep', 5, 'waiting'],
    ['prime', 1, 'inline'],
    ['prime', 5_000_000, 'thread'],
    ['fibonacci', 101, 'inline'],
    ['fibonacci', 1_000_000, 'thread'],
  ])('%s of %i runs: %s', (type, input, lane) => {
    expect(decideOn(type, { input })).toMatchObject({ kind: 'run', lane, payload: { input } });
  });

  test('how long it takes is known of a sleep, in ms', () => {
    expect(decideOn('sleep', { input: 0.25 })).toMatchObject({ durationMs: 250 });
    expect(decideOn('prime', { input: 7 })).toMatchObject({ durationMs: undefined });
  });

  test('a type without a handler is unknown', () => {
    expect(decideOn('resize-image', {})).toEqual({ kind: 'unknown-type' });
  });

  test.each([
    ['sleep', { input: 86_401 }, 'payload.input must be <= 86400.'],
    ['prime', { input: 0 }, 'payload.input must be >= 1.'],
    ['prime', { input: 1.5 }, 'payload.input must be integer.'],
    ['fibonacci', {}, "payload must have required property 'input'."],
    ['fibonacci', { input: 1, more: 2 }, 'payload has an unknown field: more.'],
    ['fibonacci', [], 'payload must be object.'],
  ])('a %s with the payload %j is refused: %s', (type, payload, message) => {
    expect(decideOn(type, payload)).toEqual({
      kind: 'refuse',
      result: { outcome: 'FAILURE', error: { code: 'invalid-payload', message, causes: [] } },
    });
  });

  test('a payload that is not JSON is refused', () => {
    expect(decide(requested('prime', '{"input":'), types)).toMatchObject({
      kind: 'refuse',
      result: { error: { code: 'invalid-payload', message: 'The payload is not JSON.' } },
    });
  });

  test('a handler whose estimate throws makes its task fail, not the executor', () => {
    const broken: Handler = {
      ...(prime as Handler),
      isTiny() {
        throw new Error('cannot tell');
      },
    };
    const decision = decide(
      requested('prime', '{"input":1}'),
      new Map([['prime', { ...types.get('prime')!, handler: broken }]]),
    );
    expect(decision).toMatchObject({ kind: 'refuse', result: { error: { message: 'cannot tell' } } });
  });

  test('whatever is requested, there is a decision', () => {
    const type = fc.oneof(fc.constantFrom(...types.keys(), 'constructor', '__proto__'), fc.string());
    const payload = fc.oneof(
      fc.string(),
      fc.json(),
      fc.anything().map((input) => JSON.stringify({ input })),
    );
    fc.assert(
      fc.property(type, payload, (type, payload) => {
        expect(['run', 'refuse', 'unknown-type']).toContain(decide(requested(type, payload), types).kind);
      }),
    );
  });
});
