import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { hadolint, verdict } from './tools.ts';

const dockerfile = join(import.meta.dirname, '..', '..', 'Dockerfile');
let program: string;

beforeAll(async () => {
  program = await hadolint();
}, 300_000);

describe('the Dockerfile', () => {
  test('is clean for hadolint', async () => {
    expect(await verdict(program, ['--failure-threshold', 'style', dockerfile])).toEqual({ ok: true, output: '' });
  });

  test.each([
    ['FROM node:24.21.0-bookworm-slim\n', 'FROM node:latest\n', 'DL3007'],
    ['WORKDIR /app\n', 'WORKDIR app\n', 'DL3000'],
    ['CMD ["services/gateway/src/main.ts"]', 'CMD node services/gateway/src/main.ts', 'DL3025'],
  ])('%j as %j is found', async (what, by, rule) => {
    const text = readFileSync(dockerfile, 'utf8');
    expect(text).toContain(what);
    const folder = mkdtempSync(join(tmpdir(), 'nask-dockerfile-'));
    writeFileSync(join(folder, 'Dockerfile'), text.replace(what, by));
    const { ok, output } = await verdict(program, ['--failure-threshold', 'style', join(folder, 'Dockerfile')]);
    rmSync(folder, { recursive: true });
    expect([ok, output]).toEqual([false, expect.stringContaining(rule)]);
  });
});
