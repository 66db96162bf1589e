import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { kustomize, verdict } from './tools.ts';

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

/** What an overlay puts into a cluster. @throws Error with what kustomize said */
export async function buildOverlay(name: (typeof overlays)[number]): Promise<Manifest[]> {
  const folder = join(import.meta.dirname, '..', '..', 'k8s', 'overlays', name);
  const { ok, output } = await verdict(await kustomize(), ['build', folder]);
  if (!ok) throw new Error(output);
  return parseAllDocuments(output).map((document) => document.toJS() as Manifest);
}

/** For messages: `Deployment gateway`. */
export function named({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}
