import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder of the local system that cannot be written. The message names the setting that chooses another. */
export class FolderNotWritableError extends Error {
  readonly code = 'FOLDER_NOT_WRITABLE';
  constructor(what: string, folder: string, settings: string, cause: unknown) {
    super(
      `The ${what} folder ${folder} cannot be written (${(cause as NodeJS.ErrnoException).code}). ` +
        `Set ${settings} to a folder that can.`,
      { cause },
    );
    this.name = 'FolderNotWritableError';
  }
}

/** Where downloaded servers are kept for all clones of one user: NASK_CACHE, else the user's cache folder. */
export function cacheFolder(env: Record<string, string | undefined> = process.env): string {
  return env.NASK_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nask-task');
}

/** An installation does not take this long: one that is older was killed. */
const brokenOffAfterMs = 24 * 60 * 60 * 1000;
const installingPrefix = '.installing-';

/** Whether something is in the cache: what is there is whole, see installOnce. */
export function isInstalled(cache: string, key: string): boolean {
  return existsSync(join(cache, key));
}

/**
 * Installs something once for all. It is built in a folder beside its final place and moved there as the last step, so
 * two installations at the same time do each other no harm and one that is broken off leaves nothing half done.
 * @param key name and version: the name of the folder in the cache
 * @param install fills the folder it is given; what it puts there must not depend on the folder's path
 * @returns the folder
 * @throws FolderNotWritableError when the cache cannot be written
 */
export async function installOnce(
  cache: string,
  key: string,
  install: (folder: string) => Promise<void>,
): Promise<string> {
  const target = join(cache, key);
  if (existsSync(target)) return target;
  await deleteBrokenOff(cache);
  const folder = await mkdir(cache, { recursive: true })
    .then(() => mkdtemp(join(cache, `${installingPrefix}${key}-`)))
    .catch((error: unknown) => {
      throw new FolderNotWritableError('cache', cache, 'NASK_CACHE or XDG_CACHE_HOME', error);
    });
  try {
    await install(folder);
    await rename(folder, target).catch((error: unknown) => {
      // Another installation was first: its result is as good.
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return target;
}

/** Deletes what installations that were killed have left. A fault is no reason not to install. */
async function deleteBrokenOff(cache: string): Promise<void> {
  const names = await readdir(cache).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(installingPrefix))) {
    const folder = join(cache, name);
    const changedMs = await stat(folder).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    if (Date.now() - changedMs > brokenOffAfterMs)
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
