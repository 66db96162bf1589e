import { stripTypeScriptTypes } from 'node:module';

/** Jest's transform for TypeScript: the same type stripping that Node does, so that tests run what production runs. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
};
