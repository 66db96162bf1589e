import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, serverFolders, startGuardian, type ServerFolders } from '@nask/dev-stack';

/** Folders for the processes of a test, and their end. */
export interface TemporaryFolders {
  readonly folders: ServerFolders;
  /** Deletes them; the processes must have been stopped. */
  close(): Promise<void>;
}

/** Folders that are deleted in the end, and a guardian that ends their processes should this one die. */
export async function temporaryFolders(): Promise<TemporaryFolders> {
  const root = await mkdtemp(join(tmpdir(), 'nask-test-'));
  const folders = serverFolders(root, cacheFolder());
  const guardian = startGuardian(folders.run, { deleteFolder: root });
  return {
    folders,
    close: async () => {
      await guardian.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
