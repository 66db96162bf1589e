import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

/* The map of the code and the READMEs of the packages name files and folders: each of them exists. */

const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
}).split('\n');

/** Files and folders in backquotes that are nowhere: `name.ts`, `folder/`, `folder/name.ts`, from any folder on. */
function missingPaths(markdown: string): string[] {
  const named = [...markdown.matchAll(/`((?:[\w.-]+\/)*(?:[\w.-]+\.(?:ts|mjs)|[\w.-]+\/))`/g)].map(([, path]) => path!);
  return [...new Set(named)].filter((path) => !files.some((file) => `/${file}`.includes(`/${path}`)));
}

const documents = files.filter((file) =>
  /^(docs\/architecture\.md|(packages|services)\/[^/]+\/README\.md)$/.test(file),
);

test.each(documents)('%s names files and folders that exist', (document) => {
  expect(missingPaths(readFileSync(join(root, document), 'utf8'))).toEqual([]);
});

test('a file or folder that does not exist is noticed', () => {
  const text =
    'In `docs/` the file `paths.test.ts`, and in `local/` the file `never.ts` and the folder `services/moon/src/`.';
  expect(missingPaths(text)).toEqual(['never.ts', 'services/moon/src/']);
});
