/** The part of Avro's schema language that the contract uses (Avro 1.12 specification, "Schema Declaration"). */
export type AvroType =
  | string
  | AvroType[]
  | AvroRecord
  | AvroEnum
  | { type: 'array'; items: AvroType }
  | { type: 'long'; logicalType: 'timestamp-millis' };

export interface AvroRecord {
  type: 'record';
  name: string;
  doc?: string;
  fields: { name: string; type: AvroType; default?: unknown; doc?: string }[];
}

interface AvroEnum {
  type: 'enum';
  name: string;
  doc?: string;
  symbols: string[];
}

const primitives: Record<string, string> = {
  null: 'null',
  string: 'string',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  double: 'number',
};

/**
 * The TypeScript source for a set of event schemas: an interface a record, a union an enum, the maps `EventName` and
 * `Events` over all events as they are read, and `NewEvents` as they are written: fields with a default are optional.
 * Timestamps are numbers (milliseconds since 1970).
 * @throws Error for a type that the contract does not use
 */
export function typesOf(events: readonly AvroRecord[]): string {
  const declared = new Map<string, string>();
  for (const event of events) declareRecord(event, declared);
  const names = events.map((event) => event.name);
  return [
    '// Generated from ../events/*.avsc by `npm run generate`. Do not edit.',
    ...declared.values(),
    `/** Every event there is, by name. */\nexport interface Events {\n${names.map((name) => `  ${name}: ${name};`).join('\n')}\n}`,
    'export type EventName = keyof Events;',
    `/** The fields of each event that have a default. */\nexport interface DefaultedFields {\n${events.map(defaultedFieldsOf).join('\n')}\n}`,
    '/** Every event as it is written: a field with a default may be left out. */\nexport type NewEvents = {\n  [E in EventName]: Omit<Events[E], DefaultedFields[E]> & Partial<Pick<Events[E], DefaultedFields[E] & keyof Events[E]>>;\n};\n',
  ].join('\n\n');
}

function defaultedFieldsOf({ name, fields }: AvroRecord): string {
  const names = fields.filter((field) => 'default' in field).map((field) => `'${field.name}'`);
  return `  ${name}: ${names.join(' | ') || 'never'};`;
}

function declareRecord(record: AvroRecord, declared: Map<string, string>): void {
  const fields = record.fields.map(
    (field) => `${comment(field.doc, '  ')}  ${field.name}: ${typeOf(field.type, declared)};`,
  );
  declared.set(record.name, `${comment(record.doc, '')}export interface ${record.name} {\n${fields.join('\n')}\n}`);
}

function typeOf(type: AvroType, declared: Map<string, string>): string {
  if (Array.isArray(type)) return type.map((branch) => typeOf(branch, declared)).join(' | ');
  if (typeof type === 'string') {
    const known = primitives[type] ?? (declared.has(type) ? type : undefined);
    if (known === undefined) throw new Error(`The contract does not use the Avro type ${type}`);
    return known;
  }
  if (type.type === 'long') return 'number';
  if (type.type === 'array') {
    const item = typeOf(type.items, declared);
    return item.includes('|') ? `(${item})[]` : `${item}[]`;
  }
  if (type.type === 'enum') {
    const symbols = type.symbols.map((symbol) => `'${symbol}'`).join(' | ');
    declared.set(type.name, `${comment(type.doc, '')}export type ${type.name} = ${symbols};`);
  } else {
    declareRecord(type, declared);
  }
  return type.name;
}

function comment(doc: string | undefined, indent: string): string {
  return doc === undefined ? '' : `${indent}/** ${doc} */\n`;
}
