import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { writeSecretFile } from '../run-info.ts';

/** An API key of one run, with the scopes read and write. */
export interface LocalKey {
  /** The user's API_KEYS and this one. */
  readonly apiKeys: string;
  /** Holds the header `authorization: Bearer KEY`, as `curl -H @FILE` takes it; only its owner may read it. */
  readonly file: string;
  write(): void;
}

/**
 * A key for the tools of this machine (`npm run demo`, the requests of the banner): settings have only the hashes of the
 * user's keys.
 * @returns undefined where no key is needed
 */
export function createLocalKey(dataFolder: string, apiKeys: string | undefined): LocalKey | undefined {
  const given = (apiKeys ?? '').split(',').filter((key) => key.trim() !== '');
  if (given.length === 0) return undefined;
  const key = randomBytes(32).toString('hex');
  const hash = createHash('sha256').update(key).digest('hex');
  const file = join(dataFolder, 'authorization');
  return {
    apiKeys: [...given, `npm-start:read+write:${hash}`].join(','),
    file,
    write: () => writeSecretFile(file, `authorization: Bearer ${key}\n`),
  };
}
