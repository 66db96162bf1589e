import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand } from '@nask/dev-stack';
import { fetchCommit } from './earlier-version.ts';

/** A repository with two commits, and a shallow clone of it that has the second one only. */
let folder: string;
let clone: string;
let first: string;
const git = (...args: string[]) =>
  runCommand('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nask-history-'));
  const origin = join(folder, 'origin');
  clone = join(folder, 'clone');
  await git('init', '--quiet', origin);
  for (const message of ['first', 'second'])
    await git('-C', origin, 'commit', '--quiet', '--allow-empty', '--message', message);
  first = (await git('-C', origin, 'rev-parse', 'HEAD~1')).trim();
  await git('clone', '--quiet', '--depth=1', `file://${origin}`, clone);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('given a shallow clone without the commit, then the commit is fetched', async () => {
  await expect(git('-C', clone, 'cat-file', '-e', first)).rejects.toThrow('ended with');
  await fetchCommit(clone, first);
  await git('-C', clone, 'cat-file', '-e', first);
});

test('given a commit that the remote does not have either, then the error names the git command that fetches the history', async () => {
  await expect(fetchCommit(clone, '0'.repeat(40))).rejects.toThrow(
    /^Commit 0{40} is not in .*git fetch --unshallow origin/,
  );
});
