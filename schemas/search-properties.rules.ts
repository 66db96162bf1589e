/** Keyword of payload schemas: marks a property whose values tasks can be found by. */
export const searchKeyword = 'x-search';

/** A JSON Schema that is an object. */
type Schema = Readonly<Record<string, unknown>>;

/** A property of a payload that is marked. */
export interface SearchProperty {
  /** The names on its path, joined by dots: `customer.id`. */
  readonly name: string;
  readonly path: readonly string[];
}

const maxSearchProperties = 10;
const maxNameLength = 128;
const maxValueLength = 256;
const scalarTypes: readonly unknown[] = ['string', 'number', 'integer', 'boolean'];

/** The marked properties of a schema without `searchPropertyFaults`, sorted by name. */
export function searchProperties(schema: Schema): SearchProperty[] {
  return [...marksIn(schema)]
    .flatMap(({ path }) => (path === undefined ? [] : { name: path.join('.'), path }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * What is wrong with the marks of a valid JSON Schema, for people: the property, and the rule that it breaks. The limits
 * bound what a task adds to the events and to the indexes of the read model.
 */
export function searchPropertyFaults(schema: Schema): string[] {
  const marks = [...marksIn(schema)];
  const names = searchProperties(schema).map(({ name }) => name);
  const faults = marks.flatMap((mark) => faultsOf(mark).map((rule) => `${placeOf(mark)}: ${searchKeyword} ${rule}`));
  for (const name of new Set(names.filter((name, i) => names.indexOf(name) < i)))
    faults.push(`property ${name}: ${searchKeyword} needs a name that no other property has`);
  if (marks.length > maxSearchProperties)
    faults.push(`${marks.length} properties have ${searchKeyword}: at most ${maxSearchProperties} may have it`);
  return faults;
}

/** A schema inside another that has the keyword. */
interface Mark {
  /** Keywords and names that lead to it. */
  at: readonly string[];
  /** Names of the properties that lead to it; undefined where other keywords do as well. */
  path: readonly string[] | undefined;
  schema: Schema;
}

function faultsOf({ path, schema }: Mark): string[] {
  if (path === undefined) return ['is for properties that are reached by `properties` alone'];
  const types = [schema['type']].flat().filter((type) => type !== 'null');
  const { maxLength } = schema as { maxLength?: number };
  return [
    ...(/^[\w.-]+$/.test(path.join('.')) && path.join('.').length <= maxNameLength
      ? []
      : [`needs a name of at most ${maxNameLength} characters of A-Z, a-z, 0-9, _, . and -`]),
    ...(types.length > 0 && types.every((type) => scalarTypes.includes(type))
      ? []
      : ['needs the type string, number, integer or boolean, with or without null']),
    ...(types.includes('string') && !(maxLength !== undefined && maxLength <= maxValueLength)
      ? [`needs a maxLength of at most ${maxValueLength}`]
      : []),
  ];
}

function placeOf({ at, path }: Mark): string {
  return path === undefined ? `/${at.join('/')}` : `property ${path.join('.')}`;
}

/** Keywords whose values are schemas by name, and those whose values are data. */
const namedSchemas: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
]);
const data: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

function* marksIn(schema: unknown, at: readonly string[] = []): Generator<Mark> {
  if (typeof schema !== 'object' || schema === null) return;
  if ((schema as Schema)[searchKeyword] === true) yield { at, path: propertyPath(at), schema: schema as Schema };
  for (const [keyword, value] of Object.entries(schema)) {
    if (data.has(keyword)) continue;
    if (!namedSchemas.has(keyword)) yield* marksIn(value, [...at, keyword]);
    else for (const [name, named] of Object.entries(value as object)) yield* marksIn(named, [...at, keyword, name]);
  }
}

function propertyPath(at: readonly string[]): string[] | undefined {
  if (at.length === 0 || at.some((keyword, i) => i % 2 === 0 && keyword !== 'properties')) return undefined;
  return at.filter((_name, i) => i % 2 === 1);
}
