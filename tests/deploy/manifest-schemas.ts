import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { named, type Manifest } from './manifests.ts';

interface SchemaFile {
  kinds: Record<string, object>;
  definitions: Record<string, object>;
}

/** The schemas of the kinds in use, committed in k8s/schemas: by `apiVersion Kind`. */
const validators = new Map<string, ValidateFunction>();
for (const name of ['kubernetes', 'keda', 'strimzi']) {
  const file = join(import.meta.dirname, '..', '..', 'k8s', 'schemas', `${name}.json`);
  const { kinds, definitions } = JSON.parse(readFileSync(file, 'utf8')) as SchemaFile;
  const ajv = new Ajv({ allErrors: true, strict: false });
  for (const [kind, schema] of Object.entries(kinds)) validators.set(kind, ajv.compile({ ...schema, definitions }));
}

/** What is wrong with an object for itself: one line for each fault. */
export function schemaFaults(manifest: Manifest): string[] {
  const validate = validators.get(`${manifest.apiVersion} ${manifest.kind}`);
  if (validate === undefined) return [`${named(manifest)}: no schema of ${manifest.apiVersion} ${manifest.kind}`];
  if (validate(manifest)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${named(manifest)}${instancePath}: ${message} ${JSON.stringify(params)}`;
  });
}
