import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { payloadSchemaHash, taskTypeFaults, taskTypes } from './task-types.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nask-types-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  mkdirSync(join(folder, 'tasks'), { recursive: true });
  const file = join(folder, 'tasks', name);
  writeFileSync(file, text);
  return file;
}

describe('the faults of task types', () => {
  test('are none for the project’s own, and for a valid schema', () => {
    expect(taskTypeFaults(undefined)).toEqual([]);
    write('a.json', '{"type":"object"}');
    expect(taskTypeFaults(folder)).toEqual([]);
  });

  test('name the folder without tasks', () => {
    expect(taskTypeFaults(folder)).toEqual([`${folder} has no folder tasks with the schemas of payloads.`]);
  });

  test('name the file that is not JSON', () => {
    const file = write('a.json', '{"type":');
    expect(taskTypeFaults(folder)).toEqual([expect.stringContaining(`${file} is not JSON: `)]);
  });

  test('name every file that is not a JSON Schema, and why', () => {
    const files = [
      write('a.json', '{"type":"objekt"}'),
      write('b.json', '{"type":"object","propertis":{}}'),
      write('c.json', '[]'),
    ];
    expect(taskTypeFaults(folder)).toEqual([
      expect.stringContaining(`${files[0]} is not a JSON Schema: schema is invalid: data/type must be equal to one of`),
      expect.stringContaining(`${files[1]} is not a JSON Schema: strict mode: unknown keyword: "propertis"`),
      `${files[2]} is not a JSON Schema: expected an object`,
    ]);
  });

  test('name the file, the property and the rule of a mark for search', () => {
    const file = write('a.json', '{"type":"object","properties":{"id":{"type":"string","x-search":true}}}');
    write('b.json', '{"type":"object","properties":{"id":{"type":"string","maxLength":64,"x-search":true}}}');
    expect(taskTypeFaults(folder)).toEqual([`${file}, property id: x-search needs a maxLength of at most 256`]);
  });

  test('name the file whose mark for search is no boolean', () => {
    const file = write('a.json', '{"type":"object","properties":{"id":{"type":"integer","x-search":"yes"}}}');
    expect(taskTypeFaults(folder)).toEqual([`${file} is not a JSON Schema: x-search value must be ["boolean"]`]);
  });
});

describe('the hash of a payload schema', () => {
  test('is that of RFC 8785’s canonical JSON: its example (section 3.2.2)', () => {
    const schema = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`) as Record<string, unknown>;
    // The beginning of the SHA-256 of the canonical form that the RFC gives.
    expect(payloadSchemaHash(schema)).toBe('2d5e01a318d0f0879ab568c4be289c8b');
  });

  test('does not depend on the order of members, at any depth, and does on everything else', () => {
    const schema = { type: 'object', properties: { a: { type: 'string', maxLength: 5 }, 10: { type: 'null' }, 9: {} } };
    const reordered = {
      properties: { 9: {}, a: { maxLength: 5, type: 'string' }, 10: { type: 'null' } },
      type: 'object',
    };
    expect(payloadSchemaHash(reordered)).toBe(payloadSchemaHash(schema));
    const changed = structuredClone(schema);
    changed.properties.a.maxLength = 6;
    expect(payloadSchemaHash(changed)).not.toBe(payloadSchemaHash(schema));
  });

  test('differs from type to type', () => {
    const hashes = [...taskTypes.values()].map(({ payloadSchema }) => payloadSchemaHash(payloadSchema));
    expect(new Set(hashes).size).toBe(taskTypes.size);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{32}$/);
  });
});
