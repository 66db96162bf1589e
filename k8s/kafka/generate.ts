/** `npm run k8s:kafka`: writes the KafkaTopics and KafkaUsers of production from the catalogue. A test checks that they are current. */
import { writeFileSync } from 'node:fs';
import { kafkaFiles } from './files.ts';

for (const [file, text] of kafkaFiles()) {
  writeFileSync(file, text);
  console.log(`Wrote ${file}`);
}
