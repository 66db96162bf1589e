import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { taskTypes, type TaskType } from '@nask/schemas';
import { loadHandlers } from './handler-folder.ts';

const ours = join(import.meta.dirname, '..', 'handlers');
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'handlers');
const schemasOf = (...names: string[]): ReadonlyMap<string, TaskType> =>
  new Map(names.map((name) => [name, { name, payloadSchema: { type: 'object' } }]));

describe('the handlers in a folder', () => {
  test('each task type of the contract has its handler', async () => {
    const loaded = await loadHandlers([ours], taskTypes);
    expect([...loaded.keys()].toSorted()).toEqual([...taskTypes.keys()].toSorted());
    expect(loaded.get('prime')).toMatchObject({ file: join(ours, 'prime.ts'), handler: { type: 'prime' } });
  });

  test('a file in the folder and a schema are all that a new type needs', async () => {
    const loaded = await loadHandlers(
      [fixtures],
      schemasOf('echo', 'exit', 'fail', 'fill-memory', 'spin', 'stray-error'),
    );
    expect(loaded.get('echo')!.checkPayload({})).toBeNull();
    expect(loaded.get('echo')!.checkPayload(1)).toBe('payload must be object.');
  });

  test('a schema without a handler, and a handler without a schema, stop the start; all are named', async () => {
    const loading = loadHandlers([fixtures], schemasOf('echo', 'exit', 'fail', 'resize-image'));
    await expect(loading).rejects.toMatchObject({ code: 'HANDLER_FOLDER' });
    await expect(loading).rejects.toThrow('spin.ts: no schema for the task type spin.');
    await expect(loading).rejects.toThrow(`No handler for the task type resize-image in ${fixtures}.`);
  });

  test('a file that is no handler stops the start', async () => {
    await expect(loadHandlers([join(import.meta.dirname, '..', 'execution')], schemasOf())).rejects.toThrow(
      'lane.ts: the default export is not a handler (use defineHandler).',
    );
  });
});
