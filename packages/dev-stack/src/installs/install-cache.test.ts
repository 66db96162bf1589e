import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cacheFolder, installOnce, isInstalled } from './install-cache.ts';

let cache: string;
beforeEach(() => {
  cache = join(mkdtempSync(join(tmpdir(), 'nask-cache-')), 'cache');
});
afterEach(() => rmSync(join(cache, '..'), { recursive: true, force: true }));

describe('the cache of installed servers', () => {
  test('installs once', async () => {
    let installs = 0;
    const install = async (folder: string) => {
      installs += 1;
      await writeFile(join(folder, 'program'), 'it');
    };
    expect(isInstalled(cache, 'server-1')).toBe(false);
    const folder = await installOnce(cache, 'server-1', install);
    expect(await installOnce(cache, 'server-1', install)).toBe(folder);
    expect([installs, isInstalled(cache, 'server-1')]).toEqual([1, true]);
    expect(readFileSync(join(folder, 'program'), 'utf8')).toBe('it');
  });

  test('two installations at the same time both succeed, and one of them stays', async () => {
    const both = Promise.withResolvers<void>();
    let begun = 0;
    const install = async (folder: string) => {
      begun += 1;
      await writeFile(join(folder, 'program'), 'it');
      if (begun === 2) both.resolve();
      await both.promise;
    };
    const folders = await Promise.all([1, 2].map(() => installOnce(cache, 'server-1', install)));
    expect(new Set(folders)).toEqual(new Set([join(cache, 'server-1')]));
    expect(readdirSync(cache)).toEqual(['server-1']);
  });

  test('an installation that fails leaves nothing behind', async () => {
    const install = () => Promise.reject(new Error('no network'));
    await expect(installOnce(cache, 'server-1', install)).rejects.toThrow('no network');
    expect(readdirSync(cache)).toEqual([]);
  });

  test('what a killed installation has left is deleted after a day', async () => {
    for (const name of ['.installing-old-1', '.installing-new-1', 'old-server'])
      mkdirSync(join(cache, name), { recursive: true });
    const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 60 * 60;
    for (const name of ['.installing-old-1', 'old-server']) utimesSync(join(cache, name), twoDaysAgo, twoDaysAgo);
    await installOnce(cache, 'server-1', async () => undefined);
    expect(readdirSync(cache)).toEqual(['.installing-new-1', 'old-server', 'server-1']);
  });

  test.each([
    [{ NASK_CACHE: '/a', XDG_CACHE_HOME: '/b' }, '/a'],
    [{ XDG_CACHE_HOME: '/b' }, '/b/nask-task'],
  ])('with %j it is %s', (env, folder) => {
    expect(cacheFolder(env)).toBe(folder);
  });
});
