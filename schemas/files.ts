import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/**
 * The one place where the contract reads its own files, once, when it is loaded.
 * Reads every JSON file in a folder: one beside this module, or an absolute path.
 * @returns file name without its extension -> parsed JSON, ascending by name
 */
export function readJsonFolder<T>(folder: string, extension: string): ReadonlyMap<string, T> {
  const directory = resolve(import.meta.dirname, folder);
  const names = readdirSync(directory)
    .filter((name) => name.endsWith(extension))
    .sort();
  return new Map(
    names.map((name) => [basename(name, extension), JSON.parse(readFileSync(join(directory, name), 'utf8')) as T]),
  );
}
