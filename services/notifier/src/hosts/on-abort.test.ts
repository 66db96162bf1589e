import { describe, expect, test } from '@jest/globals';
import { onAbort } from './on-abort.ts';

function listening(count: number) {
  const controller = new AbortController();
  const called: number[] = [];
  const stops = Array.from({ length: count }, (_, nth) => onAbort(controller.signal, () => called.push(nth)));
  return { controller, called, stops };
}

describe('listening to a signal', () => {
  test('calls everyone once, in order', () => {
    const { controller, called } = listening(3);
    controller.abort();
    controller.abort();
    expect(called).toEqual([0, 1, 2]);
  });

  test('calls nobody who has stopped listening, even while the others are called', () => {
    const { controller, called, stops } = listening(3);
    stops[0]?.();
    onAbort(controller.signal, () => stops[3]?.());
    stops.push(onAbort(controller.signal, () => called.push(3)));
    controller.abort();
    expect(called).toEqual([1, 2]);
  });

  test('calls nobody for another signal, nor for one that has fired already', () => {
    const { controller, called } = listening(1);
    new AbortController().abort();
    expect(called).toEqual([]);
    controller.abort();
    onAbort(controller.signal, () => called.push(9));
    expect(called).toEqual([0]);
  });
});
