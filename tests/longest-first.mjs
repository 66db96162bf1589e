import TestSequencer from '@jest/test-sequencer';

/** Whole systems take longest. With them last, one of the workers would be at it alone. */
export default class LongestFirst extends TestSequencer {
  /** @param {import('@jest/test-result').Test[]} tests */
  sort(tests) {
    const isWhole = ({ path }) => path.endsWith('.e2e.test.ts');
    return super.sort(tests).toSorted((one, other) => Number(isWhole(other)) - Number(isWhole(one)));
  }
}
