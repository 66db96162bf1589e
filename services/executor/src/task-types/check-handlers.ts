/**
 * Loads all handlers as the executor does and ends. The last line of its output is a JSON array with the faults. It is a
 * program of its own for `npm start`: a handler may open connections when it is loaded, or never finish loading.
 */
import { writeSync } from 'node:fs';
import { taskTypesWith } from '@nask/schemas';
import { handlerFolders, HandlerFolderError, loadHandlers } from './load-handlers.ts';

const ownTypes = process.env['TASK_TYPES_FOLDER']?.trim() || undefined;
const faults = await loadHandlers(handlerFolders(ownTypes), taskTypesWith(ownTypes)).then(
  () => [],
  (error: unknown) => {
    if (error instanceof HandlerFolderError) return error.faults;
    throw error;
  },
);
writeSync(process.stdout.fd, `\n${JSON.stringify(faults)}\n`);
process.exit();
