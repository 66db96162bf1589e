/** The second attempt, due after one to two seconds, may run on another version than the first one. */
export default {
  type: 'flaky',
  kind: 'wait',
  retry: { baseDelayMs: 2_000 },
  async run(_payload: object, { attempt }: { attempt: number }) {
    if (attempt === 1) throw Object.assign(new Error('first attempt'), { retryable: true, code: 'flaky' });
    return attempt;
  },
};
