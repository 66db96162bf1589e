import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { kustomize, verdict } from '../tools.ts';

/** An object of Kubernetes. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: unknown;
  data?: Record<string, string>;
}

/** A spec that a test breaks on purpose, in places that no type would let it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type BreakableSpec = any;

export const overlays = ['local', 'production'] as const;

const k8s = join(import.meta.dirname, '..', '..', 'k8s');

/** What an overlay puts into a cluster. @throws Error with what kustomize said */
export function buildOverlay(name: (typeof overlays)[number]): Promise<Manifest[]> {
  return buildFolder(join(k8s, 'overlays', name));
}

/** What a folder with a kustomization puts into a cluster. @throws Error with what kustomize said */
export async function buildFolder(folder: string): Promise<Manifest[]> {
  const { ok, output } = await verdict(await kustomize(), ['build', folder]);
  if (!ok) throw new Error(output);
  return parseAllDocuments(output).map((document) => document.toJS() as Manifest);
}

/** For messages: `Deployment gateway`. */
export function named({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

interface SchemaFile {
  kinds: Record<string, object>;
  definitions: Record<string, object>;
}

/** The schemas of the kinds in use, committed in k8s/schemas: by `apiVersion Kind`. */
const validators = new Map<string, ValidateFunction>();
for (const name of ['kubernetes', 'keda', 'strimzi']) {
  const file = join(k8s, 'schemas', `${name}.json`);
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
