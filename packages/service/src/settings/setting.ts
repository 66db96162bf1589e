/** One declared setting: what it accepts, what it is without a value, and how it is shown. */
export interface Setting<T> {
  /** What is accepted, with its limits: 'whole number from 1 to 12'. For messages and for the README. */
  readonly expected: string;
  /** What it does, in one sentence. */
  readonly describe: string;
  readonly unit?: string;
  /** A secret's value is never shown: only that it is set. */
  readonly secret: boolean;
  /** The value when the environment has none; undefined when the setting is required. */
  readonly fallback: { readonly value: T } | undefined;
  /** The typed value of a text, or undefined when it is not what is expected. */
  read(text: string): T | undefined;
  /** Which part of a wrong secret is wrong, without any of its text; undefined where that cannot be said. */
  explain?(text: string): string | undefined;
  /** The text that reads as this value. */
  write(value: T): string;
}

interface Described {
  describe: string;
  /** Never show the value. */
  secret?: boolean;
}

/** Without `default` the setting is required; `optional: true` makes it undefined when it is unset. */
export interface Kind<T, Limits> {
  (options: Described & Limits & { optional: true }): Setting<T | undefined>;
  (options: Described & Limits & { default?: T }): Setting<T>;
}

export interface Shape<T> {
  expected: string;
  unit?: string;
  secret?: boolean;
  read: (text: string) => T | undefined;
  write?: (value: T) => string;
  explain?: Setting<T>['explain'];
}

/**
 * Makes a kind of setting from its shape.
 * @throws TypeError from the kind when a declared default breaks the setting's own limits: a fault in the code.
 */
export function defineKind<T, Limits extends object>(shapeOf: (limits: Limits) => Shape<T>): Kind<T, Limits> {
  return ((options: Described & Limits & { default?: T; optional?: boolean }): Setting<T | undefined> => {
    const { expected, unit, secret = false, read, write = String, explain } = shapeOf(options);
    const defaultText = options.default === undefined ? '' : write(options.default);
    if (defaultText !== '' && read(defaultText) === undefined) throw new TypeError(`default must be: ${expected}`);
    const hasFallback = options.optional || options.default !== undefined;
    return {
      expected,
      describe: options.describe,
      unit,
      secret: secret || (options.secret ?? false),
      fallback: hasFallback ? { value: options.default } : undefined,
      read,
      explain,
      write: (value) => (value === undefined ? '' : write(value)),
    };
  }) as Kind<T, Limits>;
}
