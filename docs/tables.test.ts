import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentTables } from './document-tables.ts';
import { fillMarkers } from './tables.ts';

describe.each([...documentTables])('the tables of %s', (path, tables) => {
  const text = readFileSync(join(import.meta.dirname, '..', path), 'utf8');

  test('are current (npm run docs)', () => {
    expect(text).toBe(fillMarkers(text, tables));
  });

  test('a table that is out of date is found', () => {
    for (const [name, table] of tables) {
      const outdated = text.replace(table.trim().split('\n').at(-1)!, '| `other` |');
      expect([name, fillMarkers(outdated, tables) === outdated]).toEqual([name, false]);
    }
  });

  test('markers that are missing are an error, not a table that is never written', () => {
    const [first] = tables.keys();
    expect(() => fillMarkers('no markers here', tables)).toThrow(`<!-- ${first} -->`);
  });
});
