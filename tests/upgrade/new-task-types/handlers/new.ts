export default { type: 'new', kind: 'wait', run: async () => true };
