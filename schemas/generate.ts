/**
 * `npm run generate`: writes the TypeScript types of the Avro schemas to generated/events.ts. A test checks that they
 * are current.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFolder } from './files.ts';
import { typesOf, type AvroRecord } from './generate-types.ts';

const file = join(import.meta.dirname, 'generated', 'events.ts');
writeFileSync(file, typesOf([...readJsonFolder<AvroRecord>('events', '.avsc').values()]));
console.log(`Wrote ${file}`);
