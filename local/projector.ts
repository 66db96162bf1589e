/** `npm run projector -- COMMAND`: the projector's commands, see useRunningSystem. */
import { useRunningSystem } from './running-system.ts';

// Without a command, or with --help, it prints its usage.
if (/^\w/.test(process.argv[2] ?? '')) useRunningSystem('npm run projector', 'projector');
await import('../services/projector/src/cli.ts');
