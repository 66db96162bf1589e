/** `npm run contract`: creates the topics and registers the schemas, see useRunningSystem. */
import { useRunningSystem } from './running-system.ts';

if (process.argv.length > 2) {
  console.error(
    'Usage: npm run contract\n' +
      '  creates the topics and registers the schemas, on the system that npm start runs here or on the servers that\n' +
      '  KAFKA_BROKERS and SCHEMA_REGISTRY_URL name. It can be run again at any time, and takes no arguments.',
  );
  process.exit(process.argv[2] === '--help' ? 0 : 2);
}
useRunningSystem('npm run contract', 'contract');
await import('../packages/task-log/src/contract-cli.ts');
