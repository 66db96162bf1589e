import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { taskTypeFaults } from './task-types.ts';

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
});
