import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readmeTables } from './readme-tables.ts';
import { fillMarkers } from './tables.ts';

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');

describe('the tables of the README', () => {
  test('are current (npm run docs)', () => {
    expect(readme).toBe(fillMarkers(readme, readmeTables));
  });

  test('a table that is out of date is found', () => {
    const outdated = readme.replace('`tasks.requested`', '`tasks.asked-for`');
    expect(fillMarkers(outdated, readmeTables)).not.toBe(outdated);
  });

  test('markers that are missing are an error, not a table that is never written', () => {
    expect(() => fillMarkers('no markers here', readmeTables)).toThrow('<!-- problems -->');
  });
});
