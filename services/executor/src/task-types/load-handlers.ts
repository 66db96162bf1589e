import { writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { createPayloadAjv, type TaskType } from '@nask/schemas';
import { settingsExitCode } from '@nask/service';
import { handlerFaults } from './handler-faults.rules.ts';
import type { Handler } from './handler.ts';

/** A task type that this executor can run. */
export interface LoadedType {
  readonly handler: Handler;
  /** Checks a payload against the type's schema: null when it is valid, else one sentence that names field and limit. */
  readonly checkPayload: (payload: unknown) => string | null;
  /** Absolute path of the module whose default export is the handler. */
  readonly file: string;
}

/** Handlers and schemas do not fit together; the start has to stop. Names all faults. */
export class HandlerFolderError extends Error {
  readonly code = 'HANDLER_FOLDER';
  override readonly name = 'HandlerFolderError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/**
 * The folders with handlers: the executor's own, and that of the user's task types.
 * @param ownTypes the folder with those, which has a folder handlers
 */
export function handlerFolders(ownTypes: string | undefined): string[] {
  const project = join(import.meta.dirname, '..', 'handlers');
  return ownTypes === undefined ? [project] : [project, join(ownTypes, 'handlers')];
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
  const files = await handlerFiles(folders, faults);
  const handlers: [file: string, handler: Handler][] = [];
  for (const file of files) {
    const imported = await importDefault(file);
    const ofFile = 'fault' in imported ? [imported.fault] : handlerFaults(imported.value);
    faults.push(...ofFile.map((fault) => `${file}: ${fault}`));
    if ('value' in imported && ofFile.length === 0) handlers.push([file, imported.value as Handler]);
  }
  // The type that seems to have no handler may be that of a file that cannot be used.
  const areAllUsable = faults.length === 0;
  for (const [file, handler] of handlers) {
    const schema = schemas.get(handler.type);
    if (schema === undefined) faults.push(`${file}: no schema for the task type ${handler.type}.`);
    else if (loaded.has(handler.type)) faults.push(`${file}: a second handler for the task type ${handler.type}.`);
    else loaded.set(handler.type, { handler, checkPayload: payloadCheck(schema), file });
  }
  for (const type of schemas.keys())
    if (areAllUsable && !loaded.has(type))
      faults.push(`No handler for the task type ${type} in ${folders.join(', ')}.`);
  if (faults.length > 0) throw new HandlerFolderError(faults);
  return loaded;
}

/** For main.ts: the handlers, or all their faults on stderr and the end of the process. */
export async function loadHandlersOrExit(
  ...[folders, schemas]: Parameters<typeof loadHandlers>
): ReturnType<typeof loadHandlers> {
  try {
    return await loadHandlers(folders, schemas);
  } catch (error) {
    if (!(error instanceof HandlerFolderError)) throw error;
    const lines = error.faults.map((fault) => `  ${fault}\n`).join('');
    writeSync(process.stderr.fd, `executor cannot start: invalid handlers:\n${lines}`);
    return process.exit(settingsExitCode);
  }
}

async function handlerFiles(folders: readonly string[], faults: string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of folders) {
    try {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
      files.push(...names.sort().map((name) => join(folder, name)));
    } catch (error) {
      faults.push(`${folder}: expected a folder with handlers (${(error as NodeJS.ErrnoException).code}).`);
    }
  }
  return files;
}

/** The default export of a file; what the import throws in one line, with the place of a syntax error. */
async function importDefault(file: string): Promise<{ value: unknown } | { fault: string }> {
  try {
    const { default: value } = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return { value };
  } catch (error) {
    const { name, message, stack = '' } = error as Error;
    const line = /^(?:file:\/\/)?\S*:(\d+)\n/.exec(stack)?.[1];
    const reason = `${name}: ${message}`.replaceAll(/\s+/g, ' ');
    return { fault: `cannot be loaded${line === undefined ? '' : `, line ${line}`}: ${reason}` };
  }
}

/**
 * Compiles the check of a task type's payload.
 * @throws Error when the schema is not a valid JSON Schema
 */
export function payloadCheck(type: TaskType): LoadedType['checkPayload'] {
  const validate = createPayloadAjv().compile(type.payloadSchema);
  return (payload) => (validate(payload) ? null : sentence(validate.errors![0]!));
}

function sentence({ instancePath, keyword, message, params }: ErrorObject): string {
  const field = `payload${instancePath.replaceAll('/', '.')}`;
  if (keyword === 'additionalProperties') return `${field} has an unknown field: ${params['additionalProperty']}.`;
  return `${field} ${message}.`;
}
