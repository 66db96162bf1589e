import { readFileSync } from 'node:fs';
import { setting } from './kinds.ts';

type Values = Readonly<Record<string, unknown>>;

/** A file with certificates or a key, by its absolute path. */
export function pemFile(describe: string) {
  return setting.string({
    describe,
    optional: true,
    maxLength: 4_096,
    pattern: /^\//,
    patternName: 'an absolute path',
  });
}

/** Two settings that mean something only together: the fault when one of them is set alone. */
export function togetherFault<Name extends string>(
  values: Readonly<Record<Name, unknown>>,
  [one, other]: readonly [Name, Name],
): string | undefined {
  if ((values[one] === undefined) === (values[other] === undefined)) return undefined;
  const [missing, given] = values[one] === undefined ? [one, other] : [other, one];
  return `${missing}: expected a value where ${given} is set, got nothing`;
}

/** The fault of the first of these files that cannot be read. */
export function fileFault(values: Values, names: readonly string[]): string | undefined {
  for (const name of names) {
    const file = values[name];
    if (typeof file !== 'string') continue;
    try {
      readFileSync(file);
    } catch (error) {
      return `${name}: expected a file that can be read, got ${file} (${(error as NodeJS.ErrnoException).code})`;
    }
  }
  return undefined;
}
