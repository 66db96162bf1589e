import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** Flags for a JVM, and what to do once it has ended; see classArchive. */
export interface ClassArchive {
  flags(): string[];
  /** Moves an archive that the JVM wrote at its end to its place, for the next start. */
  keep(): void;
}

/**
 * Application class data sharing (JEP 350): a JVM that ends in order writes an archive of the classes it had loaded, and
 * later ones start from it in about half the time. The archive lies beside the installed program, one for each Java,
 * and a JVM that it does not fit ignores it.
 */
export function classArchive(installed: string, javaVersion: string): ClassArchive {
  const archive = join(installed, `classes-java-${javaVersion}.jsa`);
  const fresh = `${archive}.${process.pid}`;
  return {
    flags: () => [existsSync(archive) ? `-XX:SharedArchiveFile=${archive}` : `-XX:ArchiveClassesAtExit=${fresh}`],
    keep: () => {
      // The move makes it visible to others as a whole. Without it the next start is slower, no more.
      if (existsSync(fresh)) renameSync(fresh, archive);
    },
  };
}
