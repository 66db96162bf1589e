import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import avro from 'avsc';
import { readJsonFolder } from './files.ts';
import { typesOf, type AvroRecord } from './generate-types.ts';
import { avroSchemas, firstIdOfLease, idsPerLease, retentionMs, taskTypes, topics, type Topic } from './index.ts';

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

  test('a type that the contract does not use is refused, not guessed', () => {
    expect(() => typesOf([{ type: 'record', name: 'X', fields: [{ name: 'a', type: 'bytes' }] }])).toThrow('bytes');
  });

  test.each([...events])('%s: each record and field says what it means', (name, event) => {
    expect(event.name).toBe(name);
    expect(undocumented(event)).toEqual([]);
  });

  test('a field without a doc is found', () => {
    expect(undocumented({ type: 'record', name: 'X', doc: 'x', fields: [{ name: 'a', type: 'string' }] })).toEqual([
      'X.a',
    ]);
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

describe('the catalogue', () => {
  test('every event is in exactly one topic', () => {
    const carried = Object.values(topics).flatMap((topic) => (topic.event === null ? [] : [topic.event as string]));
    expect(carried.toSorted()).toEqual([...events.keys()]);
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
  const ajv = new Ajv2020({ strict: true });

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
    for (const branch of Array.isArray(field.type) ? field.type : [field.type])
      if (typeof branch === 'object' && 'fields' in branch) missing.push(...undocumented(branch));
  }
  return missing;
}
