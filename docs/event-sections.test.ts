import { describe, expect, test } from '@jest/globals';
import { activeTopics, avroSchemas, eventExamples, reservedTopics, type EventName } from '@nask/schemas';
import type { AvroRecord } from '../schemas/generate-types.ts';
import { eventsMarkdown, fieldsMarkdown, reservedEventsMarkdown, sinceVersion } from './event-sections.ts';
import { reservedTopicsMarkdown, topicsMarkdown } from './tables.ts';

describe('the fields of an event', () => {
  test('have type, unit, default and text; those of nested records follow their parent', () => {
    const time = { type: 'long', logicalType: 'timestamp-millis' } as const;
    const cause: AvroRecord = {
      type: 'record',
      name: 'Cause',
      fields: [{ name: 'text', type: 'string', doc: 'Why.' }],
    };
    const record: AvroRecord = {
      type: 'record',
      name: 'X',
      fields: [
        { name: 'ran_ms', type: 'int', doc: 'How long.' },
        {
          name: 'ended_at',
          type: ['null', time],
          default: null,
          doc: 'When. Milliseconds since 1970-01-01T00:00:00Z.',
        },
        { name: 'causes', type: { type: 'array', items: cause }, default: [], doc: 'Why a|b.' },
        { name: 'state', type: { type: 'enum', name: 'State', symbols: ['A', 'B'] } },
      ],
    };
    expect(
      fieldsMarkdown(record, (path) => (path === 'ran_ms' ? '0.1' : '0.2'))
        .split('\n')
        .slice(2),
    ).toEqual([
      '| `ran_ms` | int | ms | – | 0.1 | How long. |',
      '| `ended_at` | timestamp-millis or null | ms since 1970 | `null` | 0.2 | When. |',
      '| `causes` | array of Cause |  | `[]` | 0.2 | Why a\\|b. |',
      '| `causes[].text` | string |  | – | 0.2 | Why. |',
      '| `state` | A, B |  | – | 0.2 |  |',
    ]);
  });

  test('have the first version of the contract that has them', () => {
    expect(sinceVersion('TaskCompleted', 'error.message')).toBe('0.1');
    expect(sinceVersion('TaskCompleted', 'error.causes[].name')).toBe('0.2');
    expect(sinceVersion('WorkerReported', 'executor')).toBe('0.2');
  });

  test('given a union of two types, then it is refused, not shown as one of them', () => {
    const fields = [{ name: 'a', type: ['null', 'string', 'int'] }];
    expect(() => fieldsMarkdown({ type: 'record', name: 'X', fields }, () => '')).toThrow(
      'Not nullable: ["null","string","int"]',
    );
  });

  test.each(Object.entries(avroSchemas))('%s: a field that counts time or bytes has a unit', (_, schema) => {
    for (const row of fieldsMarkdown(schema as unknown as AvroRecord, () => '').split('\n'))
      if (/^\| `[\w.[\]]+_(at|ms|bytes)`/.test(row))
        expect(row).toMatch(/^\| `[^|]+ \| [^|]+ \| (ms|bytes|ms since 1970) \|/);
  });
});

describe('the document of events', () => {
  const sections = (markdown: string) => [...markdown.matchAll(/^### (\w+)$/gm)].map(([, event]) => event);

  test('has every event of the contract once, those of reserved topics apart', () => {
    const all = [...sections(eventsMarkdown()), ...sections(reservedEventsMarkdown())];
    expect(all).toHaveLength(Object.keys(avroSchemas).length);
    expect(new Set(all)).toEqual(new Set(Object.keys(avroSchemas)));
    expect(sections(eventsMarkdown())).toContain('TaskRequested');
    expect(sections(reservedEventsMarkdown())).toContain('WorkerReported');
  });

  test('has every example', () => {
    const markdown = eventsMarkdown() + reservedEventsMarkdown();
    for (const event of Object.keys(avroSchemas) as EventName[])
      for (const [name, example] of eventExamples(event)) {
        expect(markdown).toContain(`Example: ${name}`);
        expect(markdown).toContain(JSON.stringify(example, null, 2));
      }
  });

  test('has each topic in one of the two tables', () => {
    const names = (table: string) => [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
    expect(names(topicsMarkdown())).toEqual(Object.keys(activeTopics));
    expect(names(reservedTopicsMarkdown())).toEqual(Object.keys(reservedTopics));
  });
});
