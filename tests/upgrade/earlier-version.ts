import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, installOnce, runCommand } from '@nask/dev-stack';

const root = join(import.meta.dirname, '..', '..');

/**
 * Lays out a commit of this project with its own dependencies, so that its programs can be run. The folder is kept in the
 * cache of downloads.
 * @param commit the full hash
 * @returns the folder
 * @throws Error when the commit or its dependencies are not available; its message names the remedy
 */
export function earlierVersion(commit: string): Promise<string> {
  return installOnce(cacheFolder(), `nask-task-${commit}`, async (folder) => {
    await fetchCommit(root, commit);
    const archive = join(folder, 'archive.tar');
    await runCommand('git', ['-C', root, 'archive', `--output=${archive}`, commit]);
    await runCommand('tar', ['-xf', archive, '-C', folder]);
    await rm(archive);
    await runCommand('npm', ['--prefix', folder, 'ci', '--prefer-offline', '--omit=dev', '--no-audit', '--no-fund']);
  });
}

/**
 * Fetches a commit that a shallow clone lacks.
 * @throws Error when the remote lacks it, too; its message names the git command that fetches the history
 */
export async function fetchCommit(repository: string, commit: string): Promise<void> {
  const git = (...args: string[]) => runCommand('git', ['-C', repository, ...args]);
  try {
    await git('cat-file', '-e', `${commit}^{commit}`);
  } catch {
    await git('fetch', '--quiet', '--depth=1', 'origin', commit).catch((cause: unknown) => {
      throw new Error(
        `Commit ${commit} is not in the repository ${repository} and could not be fetched from its remote origin. ` +
          `Get the whole history (git fetch --unshallow origin) and run the test again.\n${(cause as Error).message}`,
        { cause },
      );
    });
  }
}
