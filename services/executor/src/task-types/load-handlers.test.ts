import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { taskTypes, type TaskType } from '@nask/schemas';
import { loadHandlers } from './load-handlers.ts';

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
    await expect(loadHandlers([join(import.meta.dirname, '..', 'lanes')], schemasOf())).rejects.toThrow(
      /lane\.ts: no default export: expected `export default` with the handler object/,
    );
  });

  test('every fault of every file is named, without a stack', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nask-handlers-'));
    const files = {
      'syntax.ts': 'export default {\n  type: ;\n};\n',
      'import.ts': "import './missing.ts';\n",
      'throws.ts': "throw new Error('no licence');\n",
      'fields.ts':
        "export default { type: 'a', kind: 'io', run: 1, timeLimitMs: '1000', retry: { maxattempts: 2 }, colour: 1 };\n",
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const loading = loadHandlers([folder, join(folder, 'none')], schemasOf());
    const { faults } = (await loading.catch((error: unknown) => error)) as { faults: string[] };
    const expected = [
      ['fields.ts', /kind: expected 'wait' or 'compute', got "io"$/],
      ['fields.ts', /run: expected a function, got a number$/],
      ['fields.ts', /timeLimitMs: expected a number of milliseconds above 0, got "1000"$/],
      ['fields.ts', /colour: unknown field; allowed are type, kind, run, isTiny, durationMs, timeLimitMs, retry$/],
      ['fields.ts', /retry\.maxattempts: unknown field; allowed are maxAttempts, baseDelayMs, maxDelayMs$/],
      ['import.ts', /cannot be loaded: .*missing\.ts/],
      ['syntax.ts', /cannot be loaded.*SyntaxError/],
      ['throws.ts', /cannot be loaded: Error: no licence$/],
    ] as const;
    const ofFiles = faults.filter((fault) => !fault.startsWith(join(folder, 'none')));
    expect(ofFiles.map((fault) => fault.split(':')[0])).toEqual(expected.map(([name]) => join(folder, name)));
    for (const [index, [, pattern]] of expected.entries()) expect(ofFiles[index]).toMatch(pattern);
    expect(faults.join('\n')).not.toMatch(/^ +at /m);
    expect(faults).toContain(`${join(folder, 'none')}: expected a folder with handlers (ENOENT).`);
    await rm(folder, { recursive: true });
  });
});
