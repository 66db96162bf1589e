/** 0.1 knows no causes, and codes in kebab-case only. */
export default {
  type: 'failing',
  kind: 'wait',
  async run() {
    const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    throw Object.assign(new Error('no answer', { cause }), { code: 'UPSTREAM.503' });
  },
};
