/** `npm run docs`: writes the tables of the README that are made from the code. A test checks that they are current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readmeTables } from './readme-tables.ts';
import { fillMarkers } from './tables.ts';

const readme = join(import.meta.dirname, '..', 'README.md');
writeFileSync(readme, fillMarkers(readFileSync(readme, 'utf8'), readmeTables));
console.log(`Wrote ${readme}`);
