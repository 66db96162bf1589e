import { describe, expect, test } from '@jest/globals';
import { onAbort, orAborted } from './abort.ts';

function listening(count: number) {
  const controller = new AbortController();
  const called: number[] = [];
  const stops = Array.from({ length: count }, (_, nth) => onAbort(controller.signal, () => called.push(nth)));
  return { controller, called, stops };
}

describe('onAbort', () => {
  test('calls every listener once, in order', () => {
    const { controller, called } = listening(3);
    controller.abort();
    controller.abort();
    expect(called).toEqual([0, 1, 2]);
  });

  test('calls no listener that was removed, even while the others are called', () => {
    const { controller, called, stops } = listening(3);
    stops[0]?.();
    onAbort(controller.signal, () => stops[3]?.());
    stops.push(onAbort(controller.signal, () => called.push(3)));
    controller.abort();
    expect(called).toEqual([1, 2]);
  });

  test('calls no listener of another signal, or of one that has fired already', () => {
    const { controller, called } = listening(1);
    new AbortController().abort();
    expect(called).toEqual([]);
    controller.abort();
    onAbort(controller.signal, () => called.push(9));
    expect(called).toEqual([0]);
  });
});

describe('onAbort while the signal fires', () => {
  test('calls no listener that is added meanwhile', () => {
    const controller = new AbortController();
    const called: string[] = [];
    onAbort(controller.signal, () => onAbort(controller.signal, () => called.push('late')));
    controller.abort();
    expect(called).toEqual([]);
  });
});

describe('orAborted', () => {
  const never = new Promise<never>(() => {});

  test('passes the outcome on', async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(orAborted(Promise.reject(new Error('bad')), signal)).rejects.toThrow('bad');
  });

  test('rejects with the reason of the signal, before or after the call', async () => {
    const controller = new AbortController();
    const waiting = orAborted(never, controller.signal);
    controller.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    await expect(orAborted(Promise.resolve(1), controller.signal)).rejects.toThrow('stopped');
  });

  test('ignores a failure after the abort', async () => {
    const work = Promise.withResolvers<void>();
    await expect(orAborted(work.promise, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    work.reject(new Error('too late'));
    // An unhandled rejection would end the test run.
    await new Promise((resolve) => setImmediate(resolve));
  });
});
