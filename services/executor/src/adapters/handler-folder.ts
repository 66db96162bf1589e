import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TaskType } from '@nask/schemas';
import type { RunnableType } from '../domain/decision.ts';
import type { Handler } from '../domain/handler.ts';
import { payloadCheck } from '../domain/payload-check.ts';

/** A task type with its handler, and the file that the handler is in. */
export interface LoadedType extends RunnableType {
  readonly file: string;
}

/** Handlers and schemas do not fit together; the start has to stop. Names all faults. */
export class HandlerFolderError extends Error {
  readonly code = 'HANDLER_FOLDER';
  override readonly name = 'HandlerFolderError';
}

/**
 * Loads every handler in some folders: each .ts file that is not a test, by its default export. So a task type is added
 * by adding its file, and its schema.
 * @param schemas the task types of the contract; each needs a handler, and each handler needs one
 * @throws HandlerFolderError
 */
export async function loadHandlers(
  folders: readonly string[],
  schemas: ReadonlyMap<string, TaskType>,
): Promise<ReadonlyMap<string, LoadedType>> {
  const loaded = new Map<string, LoadedType>();
  const faults: string[] = [];
  for (const file of await handlerFiles(folders)) {
    const name = basename(file);
    const { default: handler } = (await import(pathToFileURL(file).href)) as { default?: unknown };
    if (!isHandler(handler)) {
      faults.push(`${name}: the default export is not a handler (use defineHandler).`);
      continue;
    }
    const schema = schemas.get(handler.type);
    if (schema === undefined) faults.push(`${name}: no schema for the task type ${handler.type}.`);
    else if (loaded.has(handler.type)) faults.push(`${name}: a second handler for the task type ${handler.type}.`);
    else loaded.set(handler.type, { handler, checkPayload: payloadCheck(schema), file });
  }
  for (const type of schemas.keys())
    if (!loaded.has(type)) faults.push(`No handler for the task type ${type} in ${folders.join(', ')}.`);
  if (faults.length > 0) throw new HandlerFolderError(faults.join('\n'));
  return loaded;
}

async function handlerFiles(folders: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of folders) {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    files.push(...names.sort().map((name) => join(folder, name)));
  }
  return files;
}

function isHandler(value: unknown): value is Handler {
  if (typeof value !== 'object' || value === null) return false;
  const { type, kind, run } = value as Partial<Handler>;
  return typeof type === 'string' && (kind === 'wait' || kind === 'compute') && typeof run === 'function';
}
