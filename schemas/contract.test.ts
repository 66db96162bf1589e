import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import avro, { type Schema } from 'avsc';
import { readJsonFolder } from './files.ts';
import { typesOf, type AvroRecord, type AvroType } from './generate-types.ts';
import {
  activeTopics,
  avroSchemas,
  createPayloadAjv,
  eventWithDefaults,
  firstIdOfLease,
  idsPerLease,
  retentionMs,
  taskTypes,
  topics,
  topicsReadBy,
  type EventName,
  type Events,
  type ServiceName,
  type Topic,
} from './index.ts';

const events = readJsonFolder<AvroRecord>('events', '.avsc');

describe('the Avro schemas', () => {
  test('the generated types are current (npm run generate)', () => {
    const current = readFileSync(join(import.meta.dirname, 'generated', 'events.ts'), 'utf8');
    expect(current).toBe(typesOf([...events.values()]));
  });

  test('a changed schema makes the generated types outdated', () => {
    const changed = structuredClone([...events.values()]);
    changed[0]!.fields.push({ name: 'added', type: 'string' });
    expect(typesOf(changed)).not.toBe(typesOf([...events.values()]));
  });

  test('given an array and a default, then the type is an array, and the field may be left out when the event is made', () => {
    const fields = [{ name: 'a', type: { type: 'array' as const, items: ['null', 'string'] }, default: [] }];
    const types = typesOf([{ type: 'record', name: 'X', fields }]);
    expect(types).toContain('  a: (null | string)[];');
    expect(types).toContain("  X: 'a';");
  });

  test('a type that the contract does not use is refused, not guessed', () => {
    expect(() => typesOf([{ type: 'record', name: 'X', fields: [{ name: 'a', type: 'bytes' }] }])).toThrow('bytes');
  });

  test.each([...events])('%s: each record and field says what it means', (name, event) => {
    expect(event.name).toBe(name);
    expect(undocumented(event)).toEqual([]);
  });

  test('a field without a doc is found, also in an array of records', () => {
    const inner: AvroRecord = { type: 'record', name: 'Y', doc: 'y', fields: [{ name: 'b', type: 'int' }] };
    const fields = [
      { name: 'a', type: 'string' },
      { name: 'list', type: { type: 'array' as const, items: inner }, doc: 'a list' },
    ];
    expect(undocumented({ type: 'record', name: 'X', doc: 'x', fields })).toEqual(['X.a', 'Y.b']);
  });
});

describe('the examples', () => {
  const names = [...events.keys()] as (keyof typeof avroSchemas)[];
  const cases = names.flatMap((event) =>
    [...readJsonFolder<Record<string, unknown>>(join('examples', event), '.json')].map(
      ([example, value]) => [event, example, value] as const,
    ),
  );

  test('every event has one', () => {
    expect(new Set(cases.map(([event]) => event))).toEqual(new Set(names));
  });

  test.each(cases)('%s/%s encodes, decodes to the same, and has exactly the fields of its type', (event, _, value) => {
    const type = avro.Type.forSchema(avroSchemas[event]);
    expect(type.isValid(value, { noUndeclaredFields: true })).toBe(true);
    expect({ ...type.fromBuffer(type.toBuffer(value)) }).toEqual(value);
    expect(Object.keys(value)).toEqual(events.get(event)!.fields.map((field) => field.name));
  });

  test('an example with a wrong or an unknown field is found', () => {
    const type = avro.Type.forSchema(avroSchemas.TaskStarted);
    const [, , good] = cases.find(([event]) => event === 'TaskStarted')!;
    expect(type.isValid({ ...good, attempt: 'one' }, { noUndeclaredFields: true })).toBe(false);
    expect(type.isValid({ ...good, surprise: 1 }, { noUndeclaredFields: true })).toBe(false);
  });
});

describe('the versions of the contract', () => {
  const versions = readdirSync(join(import.meta.dirname, 'released'));
  const released = versions.flatMap((version) =>
    [...readJsonFolder<AvroRecord>(join('released', version), '.avsc')].map(
      ([event, schema]) => [version, event as EventName, schema] as const,
    ),
  );

  test.each(released)('%s %s: each version reads the events of the other', (_version, event, schema) => {
    const [earlier, current] = [avro.Type.forSchema(schema as Schema), avro.Type.forSchema(avroSchemas[event])];
    for (const [, example] of readJsonFolder<object>(join('examples', event), '.json')) {
      const read = earlier.fromBuffer(current.toBuffer(example), earlier.createResolver(current)) as object;
      const back = current.fromBuffer(earlier.toBuffer(read), current.createResolver(earlier)) as object;
      expect(back).toMatchObject(JSON.parse(JSON.stringify(read)) as object);
      expect(eventWithDefaults(event, read as never)).toEqual({ ...back });
    }
  });

  test('a new field without a default, and a new symbol, are found', () => {
    const [, , earlier] = released.find(([, event]) => event === 'TaskCompleted')!;
    const type = avro.Type.forSchema(earlier as Schema);
    const withField = structuredClone(earlier);
    withField.fields.push({ name: 'added', type: 'string' });
    expect(() => avro.Type.forSchema(withField as Schema).createResolver(type)).toThrow('added');
    const withSymbol = structuredClone(earlier);
    const outcome = withSymbol.fields.find(({ name }) => name === 'outcome')!.type as unknown as { symbols: string[] };
    outcome.symbols.push('EXPIRED');
    expect(() => type.createResolver(avro.Type.forSchema(withSymbol as Schema))).toThrow('Outcome');
  });

  test('the defaults of an event are those of its schema, also in nested records', () => {
    const error = { code: 'busy', message: 'Busy.' } as Events['TaskAttemptFailed']['error'];
    const event = { event_id: 'e', task_id: 1, attempt: 1, executor: 'x', error, failed_at: 0, next_attempt_at: 0 };
    expect(eventWithDefaults('TaskAttemptFailed', event).error).toEqual({ ...error, causes: [] });
  });
});

describe('the catalogue', () => {
  test('every event is in exactly one topic, but for the request of a task, which may wait in tasks.scheduled first', () => {
    const carried = Object.values(topics).flatMap((topic) => (topic.event === null ? [] : [topic.event as string]));
    expect(carried.toSorted()).toEqual([...events.keys(), 'TaskRequested'].toSorted());
  });

  test('a reserved topic is read and written by no service, and only such a topic names a service of the future', () => {
    const services: ServiceName[] = ['gateway', 'executor', 'notifier', 'projector'];
    expect(services.flatMap(topicsReadBy).filter((name) => (topics[name] as Topic).isReserved)).toEqual([]);
    for (const [name, { producers, consumers }] of Object.entries(activeTopics))
      expect([name, [...producers, ...consumers].filter((each) => !services.includes(each as ServiceName))]).toEqual([
        name,
        [],
      ]);
  });

  const fieldsOf = (topic: Topic): (string | undefined)[] => {
    const event = topic.event ?? (topic.copyOf === undefined ? null : topics[topic.copyOf].event);
    return event === null ? [] : events.get(event)!.fields.map(({ name }) => name);
  };

  test.each(Object.entries<Topic>(topics))('%s names the key and the time of its event', (_, topic) => {
    const fields = fieldsOf(topic);
    if (fields.length > 0) expect(fields).toContain(topic.keyField);
    else expect(topic.keyField).toBeUndefined();
    if (topic.event === null) expect(topic.timeField).toBeUndefined();
    else expect(fields).toContain(topic.timeField);
  });

  test('topics outlive the documents that are made from them, and leases are kept for ever', () => {
    expect(retentionMs(topics['tasks.requested'], 30)).toBeGreaterThan(30 * 86_400_000);
    expect(retentionMs(topics['task-id-leases'], 30)).toBe(-1);
  });

  test('a lease is a block of ids of its own', () => {
    expect(firstIdOfLease(0)).toBe(1);
    expect(firstIdOfLease(7) + idsPerLease).toBe(firstIdOfLease(8));
  });
});

describe('the task types', () => {
  const ajv = createPayloadAjv();

  test.each([
    ['sleep', [0, 0.25, 86_400], [-1, 86_400.5, '5', null]],
    ['prime', [1, 100, 5_000_000], [0, 1.5, 5_000_001, '100', true]],
    ['fibonacci', [0, 101, 1_000_000], [-1, 0.5, 1_000_001, []]],
  ] as const)('%s takes what is within its limits and nothing else', (name, good, bad) => {
    const isValid = ajv.compile(taskTypes.get(name)!.payloadSchema);
    for (const input of good) expect([input, isValid({ input })]).toEqual([input, true]);
    for (const input of bad) expect([input, isValid({ input })]).toEqual([input, false]);
    expect(isValid({})).toBe(false);
    expect(isValid({ input: good[0], more: 1 })).toBe(false);
  });

  test('each says what it does, and what each field is', () => {
    for (const { payloadSchema } of taskTypes.values()) {
      expect(payloadSchema['description']).toEqual(expect.any(String));
      for (const field of Object.values(payloadSchema['properties'] as object))
        expect(field).toHaveProperty('description');
    }
  });
});

function undocumented(record: AvroRecord): string[] {
  const missing = record.doc === undefined ? [record.name] : [];
  for (const field of record.fields) {
    if (field.doc === undefined) missing.push(`${record.name}.${field.name}`);
    for (const record of recordsIn(field.type)) missing.push(...undocumented(record));
  }
  return missing;
}

/** The records that a type declares, without those inside them. */
function recordsIn(type: AvroType): AvroRecord[] {
  if (typeof type === 'string') return [];
  if (Array.isArray(type)) return type.flatMap(recordsIn);
  if (type.type === 'array') return recordsIn(type.items);
  return type.type === 'record' ? [type] : [];
}
