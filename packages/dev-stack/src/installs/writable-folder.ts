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
