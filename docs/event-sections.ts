import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { productVersion } from '@nask/service';
import { activeTopics, avroSchemas, eventExamples, reservedTopics, type EventName, type Topic } from '@nask/schemas';
import { readJsonFolder } from '../schemas/files.ts';
import type { AvroRecord, AvroType } from '../schemas/generate-types.ts';

type Complex = Exclude<AvroType, string | AvroType[]>;
const isComplex = (type: AvroType): type is Complex => typeof type === 'object' && !Array.isArray(type);
const isRecord = (type: AvroType): type is AvroRecord => isComplex(type) && type.type === 'record';
const isArray = (type: AvroType): type is Extract<Complex, { type: 'array' }> =>
  isComplex(type) && type.type === 'array';
const isTime = (type: AvroType): type is Extract<Complex, { type: 'long' }> => isComplex(type) && type.type === 'long';

/**
 * The events of topics that exist, a section each: what happened, its topic, its fields with type, unit, default and the version that
 * they came with, and its examples.
 */
export function eventsMarkdown(): string {
  return eventsOf(activeTopics).map(section).join('\n\n');
}

/** As `eventsMarkdown`, of the events that only reserved topics carry. */
export function reservedEventsMarkdown(): string {
  const existing = new Set(eventsOf(activeTopics));
  return eventsOf(reservedTopics)
    .filter((event) => !existing.has(event))
    .map(section)
    .join('\n\n');
}

function eventsOf(catalogue: Readonly<Record<string, Topic>>): EventName[] {
  return [...new Set(Object.values(catalogue).flatMap(({ event }) => event ?? []))];
}

function section(event: EventName): string {
  const schema = avroSchemas[event] as unknown as AvroRecord;
  return [
    `### ${event}`,
    `${schema.doc}`,
    `In ${topicsOf(event)}.`,
    fieldsMarkdown(schema, (path) => sinceVersion(event, path)),
    ...[...eventExamples(event)].map(exampleMarkdown),
  ].join('\n\n');
}

function exampleMarkdown([name, example]: [string, object]): string {
  const json = JSON.stringify(example, null, 2);
  return `<details>\n<summary>Example: ${name}</summary>\n\n\`\`\`json\n${json}\n\`\`\`\n\n</details>`;
}

function topicsOf(event: EventName): string {
  const carriers = Object.entries({ ...activeTopics, ...reservedTopics }).filter(([, topic]) => topic.event === event);
  return carriers
    .map(([name, { isReserved }]) => `\`${name}\`${isReserved === true ? ' (reserved)' : ''}`)
    .join(' and ');
}

/** The earlier versions of the contract, the oldest first: version -> event -> the paths of its fields. */
const released = readdirSync(join(import.meta.dirname, '..', 'schemas', 'released'))
  .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  .map((version) => {
    const schemas = readJsonFolder<AvroRecord>(join('released', version), '.avsc');
    return [version, new Map([...schemas].map(([event, schema]) => [event, new Set(pathsOf(schema, ''))]))] as const;
  });

/** The version of the contract that a field came with, e.g. `0.1`. @param path as in `fieldsMarkdown` */
export function sinceVersion(event: EventName, path: string): string {
  const first = released.find(([, events]) => events.get(event)?.has(path) === true);
  return first?.[0] ?? productVersion.split('.').slice(0, 2).join('.');
}

function pathsOf(record: AvroRecord, prefix: string): string[] {
  return record.fields.flatMap(({ name, type }) => [prefix + name, ...nested(type, prefix + name, pathsOf)]);
}

/** What a function gives for the record in a type, with the prefix of its fields: `error.`, `search[].`. */
function nested<T>(type: AvroType, name: string, of: (record: AvroRecord, prefix: string) => T[]): T[] {
  const value = valueType(type);
  const [inner, suffix] = isArray(value) ? [value.items, '[]'] : [value, ''];
  return isRecord(inner) ? of(inner, `${name}${suffix}.`) : [];
}

/**
 * The fields of a record as a Markdown table, each field of a nested record below its parent: `error.code`, `search[].name`.
 * @param sinceOf the version that the field with a path came with
 */
export function fieldsMarkdown(record: AvroRecord, sinceOf: (path: string) => string): string {
  return [
    '| field | type | unit | default | since | what it says |',
    '| --- | --- | --- | --- | --- | --- |',
    ...fieldRows(record, '', sinceOf),
  ].join('\n');
}

function fieldRows(record: AvroRecord, prefix: string, sinceOf: (path: string) => string): string[] {
  return record.fields.flatMap((field) => {
    const name = prefix + field.name;
    const type = valueType(field.type);
    const unit = unitOf(field.name, type);
    const text = (field.doc ?? '').replace(sentenceOfTimes, '').replaceAll('|', '\\|');
    const value = 'default' in field ? `\`${JSON.stringify(field.default)}\`` : '–';
    return [
      `| \`${name}\` | ${typeName(field.type)} | ${unit} | ${value} | ${sinceOf(name)} | ${text} |`,
      ...nested(field.type, name, (inner, innerPrefix) => fieldRows(inner, innerPrefix, sinceOf)),
    ];
  });
}

/** The docs of times end with it; the column of units has it already. */
const sentenceOfTimes = ' Milliseconds since 1970-01-01T00:00:00Z.';

const unitsByEnding: readonly (readonly [ending: string, unit: string])[] = [
  ['_ms', 'ms'],
  ['_bytes', 'bytes'],
  ['_per_second', 'per second'],
];

function unitOf(name: string, type: AvroType): string {
  if (isTime(type)) return 'ms since 1970';
  return unitsByEnding.find(([ending]) => name.endsWith(ending))?.[1] ?? '';
}

function typeName(type: AvroType): string {
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return `${typeName(valueType(type))} or null`;
  if (isTime(type)) return 'timestamp-millis';
  if (isArray(type)) return `array of ${typeName(type.items)}`;
  return type.type === 'enum' ? type.symbols.join(', ') : type.name;
}

/**
 * The type of a value that is there.
 * @throws Error for a union that is not null and one type: the contract uses no other
 */
function valueType(type: AvroType): AvroType {
  if (!Array.isArray(type)) return type;
  const [none, value, ...more] = type;
  if (none !== 'null' || value === undefined || more.length > 0)
    throw new Error(`Not nullable: ${JSON.stringify(type)}`);
  return value;
}
