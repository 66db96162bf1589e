/** `npm run docs`: writes the tables of the documents that are made from the code. A test checks that they are current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentTables } from './document-tables.ts';
import { fillMarkers } from './tables.ts';

for (const [path, tables] of documentTables) {
  const file = join(import.meta.dirname, '..', path);
  writeFileSync(file, fillMarkers(readFileSync(file, 'utf8'), tables));
  console.log(`Wrote ${file}`);
}
