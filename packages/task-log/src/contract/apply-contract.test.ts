import { describe, expect, test } from '@jest/globals';
import { contractReport } from './apply-contract.ts';

describe('the report', () => {
  test('says what was done to each, and how many changed', () => {
    const report = contractReport([
      { kind: 'topic', name: 'tasks', outcome: 'changed', details: ['retention.ms 1 -> 2'] },
      { kind: 'schema', name: 'tasks-value', outcome: 'unchanged', details: [] },
    ]);
    expect(report.split('\n')).toEqual([
      'changed    topic   tasks        retention.ms 1 -> 2',
      'unchanged  schema  tasks-value',
      '1 of 2 topics and schemas were created or changed.',
    ]);
  });

  test('says that there was nothing to do', () => {
    const report = contractReport([{ kind: 'topic', name: 'tasks', outcome: 'unchanged', details: [] }]);
    expect(report).toContain('Nothing to do');
  });
});
