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
interface Kind<T, Limits> {
  (options: Described & Limits & { optional: true }): Setting<T | undefined>;
  (options: Described & Limits & { default?: T }): Setting<T>;
}

interface Shape<T> {
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
function defineKind<T, Limits extends object>(shapeOf: (limits: Limits) => Shape<T>): Kind<T, Limits> {
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

interface TextLimits {
  minLength?: number;
  maxLength?: number;
  /** The whole text must match it; `patternName` says in words what that means. */
  pattern?: RegExp;
  patternName?: string;
}

interface NumberLimits {
  min?: number;
  max?: number;
}

interface ListLimits {
  minItems?: number;
  maxItems?: number;
  /** Each item must match it; `itemName` says in words what that means. */
  itemPattern?: RegExp;
  itemName?: string;
  /** The form in which an item is kept; undefined refuses the item. */
  itemForm?: (item: string) => string | undefined;
  /** Which part of an item is wrong, in place of a pattern; without any of its text, which may be secret. */
  itemFault?: (item: string) => string | undefined;
}

/** What setTimeout can count to: beyond it, a timer fires at once. */
const maxTimerMs = 2 ** 31 - 1;

const text = ({ minLength = 0, maxLength = 10_000, pattern, patternName }: TextLimits): Shape<string> => ({
  expected: [
    patternName ?? (pattern ? `text matching ${pattern.source}` : 'text'),
    ...(minLength > 0 ? [`at least ${minLength} characters`] : []),
    ...(maxLength < 10_000 ? [`at most ${maxLength} characters`] : []),
  ].join(', '),
  read: (value) =>
    value.length >= minLength && value.length <= maxLength && (pattern?.test(value) ?? true) ? value : undefined,
});

const wholeNumber =
  (unit: string | undefined, name: string, leastMin: number, mostMax: number) =>
  ({ min = leastMin, max = mostMax, unit: ownUnit }: NumberLimits & { unit?: string }): Shape<number> => ({
    expected: `${name}${range(min, max)}`,
    unit: ownUnit ?? unit,
    read: (value) => {
      const number = /^[+-]?\d+$/.test(value) ? Number(value) : NaN;
      return number >= min && number <= max ? number : undefined;
    },
  });

function range(min: number, max: number): string {
  const isBounded = { below: min > Number.MIN_SAFE_INTEGER, above: max < Number.MAX_SAFE_INTEGER };
  if (isBounded.below && isBounded.above) return ` from ${min} to ${max}`;
  if (isBounded.below) return `, at least ${min}`;
  return isBounded.above ? `, at most ${max}` : '';
}

const list = ({
  minItems = 0,
  maxItems = 100,
  itemPattern,
  itemName = 'texts',
  itemForm,
  itemFault,
}: ListLimits): Shape<string[]> => ({
  expected: `${minItems} to ${maxItems} ${itemName}, separated by commas`,
  read: (value) => {
    const items = itemsOf(value);
    const fits = items.length >= minItems && items.length <= maxItems;
    if (!fits || !items.every((item) => (itemPattern?.test(item) ?? true) && itemFault?.(item) === undefined))
      return undefined;
    const kept = items.map((item) => (itemForm ? itemForm(item) : item)).filter((item) => item !== undefined);
    return kept.length === items.length ? kept : undefined;
  },
  explain: (value) => {
    const faults = itemsOf(value).flatMap((item, index) => {
      const fault = itemFault?.(item);
      return fault === undefined ? [] : [`entry ${index + 1} with ${fault}`];
    });
    return faults.length === 0 ? undefined : faults.join('; ');
  },
  write: (items) => items.join(','),
});

function itemsOf(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

const truthValues = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** The choice among fixed words; `oneOf(['auto', 'json'], { describe, default: 'auto' })` has the type 'auto' | 'json'. */
function oneOf<const Word extends string>(
  words: readonly Word[],
  options: { describe: string; default?: Word },
): Setting<Word> {
  const expected = `one of ${words.join(', ')}`;
  return defineKind<Word, object>(() => ({ expected, read: (value) => words.find((word) => word === value) }))(options);
}

/** The kinds of settings. Each takes `{ describe, default? | optional?: true, secret? }` and its own limits. */
export const setting = {
  string: defineKind<string, TextLimits>(text),
  /** A text that is never shown. */
  secret: defineKind<string, TextLimits>((limits) => ({ ...text(limits), secret: true })),
  integer: defineKind<number, NumberLimits & { unit?: string }>(
    wholeNumber(undefined, 'whole number', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  ),
  durationMs: defineKind<number, NumberLimits>(wholeNumber('ms', 'whole number', 0, maxTimerMs)),
  bytes: defineKind<number, NumberLimits>(wholeNumber('bytes', 'whole number', 0, Number.MAX_SAFE_INTEGER)),
  /** 0 means: any free port. */
  port: defineKind<number, NumberLimits>(wholeNumber(undefined, 'port number', 0, 65_535)),
  boolean: defineKind<boolean, object>(() => ({
    expected: 'true or false',
    read: (value) => truthValues.get(value.toLowerCase()),
  })),
  /** An absolute URL, kept as it was written. `severalHosts`: host1,host2 as MongoDB's connection strings have it. */
  url: defineKind<string, { protocols: string[]; severalHosts?: boolean }>(({ protocols, severalHosts = false }) => ({
    expected: `url beginning with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    read: (value) => (isUrl(value, { protocols, severalHosts }) ? value : undefined),
  })),
  /** Separated by commas; blanks around items and empty items are dropped. */
  list: defineKind<string[], ListLimits>(list),
  oneOf,
};

/**
 * Whether a text is an absolute URL with a host and one of the protocols ('https:').
 * Node's own URL refuses the lists of hosts in MongoDB's connection strings, so each host is checked for itself.
 */
function isUrl(text: string, options: { protocols: string[]; severalHosts: boolean }): boolean {
  const parts = /^(?<protocol>[a-z][a-z0-9+.-]*:)\/\/(?<authority>[^/?#]*)/i.exec(text)?.groups;
  if (!parts || /\s/.test(text)) return false;
  const { protocol = '', authority = '' } = parts;
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  return (
    options.protocols.includes(protocol.toLowerCase()) &&
    (hosts.length === 1 || options.severalHosts) &&
    hosts.every((host) => URL.canParse(`http://${host}`))
  );
}
