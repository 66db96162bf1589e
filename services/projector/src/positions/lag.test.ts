import { describe, expect, test } from '@jest/globals';
import { lagDocuments, changesSince } from './lag.ts';

const report = (partition: number, records: number, oldestMs: number | null) => ({
  topic: 'tasks.requested',
  partition,
  records,
  oldestMs,
});

describe('the lag for those who read it in the database', () => {
  test('given partitions, then each says how many records and how old the oldest of them is', () => {
    const measured_at = new Date(5_000);
    expect(lagDocuments([report(0, 7, 2_500), report(1, 0, null), report(2, 3, 6_000)], 5_000)).toEqual([
      { _id: 'tasks.requested/0', events: 7, seconds: 2.5, measured_at },
      { _id: 'tasks.requested/1', events: 0, seconds: 0, measured_at },
      { _id: 'tasks.requested/2', events: 3, seconds: 0, measured_at },
    ]);
  });

  test('given it was written before, then only partitions that are behind, or have just caught up, are written', () => {
    const written = new Map(
      lagDocuments([report(0, 0, null), report(1, 4, 1), report(2, 4, 1)], 1).map((d) => [d._id, d]),
    );
    const now = lagDocuments([report(0, 0, null), report(1, 0, null), report(2, 4, 1), report(3, 0, null)], 2);
    expect(changesSince(written, now).map(({ _id }) => _id)).toEqual(
      [1, 2, 3].map((partition) => `tasks.requested/${partition}`),
    );
  });

  test('given no change, then it is written again once the written document is ten seconds old', () => {
    const at = (ms: number) => lagDocuments([report(0, 0, null)], ms);
    const written = new Map(at(1_000).map((document) => [document._id, document]));
    expect(changesSince(written, at(10_999))).toEqual([]);
    expect(changesSince(written, at(11_000))).toEqual(at(11_000));
  });
});
