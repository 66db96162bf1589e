import type { MongoBulkWriteError } from 'mongodb';

const duplicateKey = 11000;

/** Whether the only thing wrong with a bulk write is that some documents are there already. */
export function hasOnlyDuplicates(error: MongoBulkWriteError): boolean {
  // An error of the write concern is about the documents that were written: they are not durable.
  if (error.result.getWriteConcernError() !== undefined) return false;
  // Without a single error the whole command failed: the server is away, or not the primary any more.
  const errors = writeErrorsOf(error);
  return errors.length > 0 && errors.every(({ code }) => code === duplicateKey);
}

/** The single errors, by the index of the operation. */
export function writeErrorsOf({ writeErrors }: MongoBulkWriteError) {
  return Array.isArray(writeErrors) ? writeErrors : [writeErrors];
}
