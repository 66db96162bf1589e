import type { schema } from 'avsc';
import { RegistryError } from '../registry/registry-error.ts';
import type { Registry } from '../registry/registry.ts';

/** What every subject promises: each version can read, and be read by, all the others. */
export const subjectCompatibility = 'FULL_TRANSITIVE';

export interface SchemaOutcome {
  subject: string;
  /** What was done; empty: nothing had to be. */
  changes: string[];
  /** Why the registry does not take the schema. */
  refusal?: string;
}

/**
 * Makes sure that a subject has a schema and keeps its promise. The promise is set before the schema: at no time can
 * a version be registered that breaks it. The registry's default for other subjects is left alone.
 * Rejects with a RegistryError when the registry does not answer.
 */
export async function registerSchema(
  registry: Registry,
  subject: string,
  avroSchema: schema.RecordType,
): Promise<SchemaOutcome> {
  const changes: string[] = [];
  const compatibility = await registry.compatibility(subject);
  if (compatibility !== subjectCompatibility) {
    await registry.setCompatibility(subject, subjectCompatibility);
    changes.push(`compatibility ${compatibility ?? 'unset'} -> ${subjectCompatibility}`);
  }

  const known = await registry.idOf(subject, avroSchema);
  if (known !== undefined) return { subject, changes };
  try {
    const id = await registry.register(subject, avroSchema);
    return { subject, changes: [...changes, `registered as schema ${id}`] };
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code === 'UNREACHABLE') throw error;
    return { subject, changes, refusal: `${subject}: the registry does not take the schema: ${error.message}` };
  }
}
