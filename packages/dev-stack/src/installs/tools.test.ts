import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findJava, findMaven, findOnPath, findPython, MissingToolsError } from './tools.ts';

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'nask-tools-'));
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

function program(name: string, script: string): string {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

describe('looking for Java', () => {
  test.each([
    ['openjdk version "17.0.15" 2025-04-15', '17.0.15'],
    ['openjdk version "21" 2023-09-19', '21'],
  ])('takes one that says %s', async (said, version) => {
    const path = program('java', `echo '${said}' >&2`);
    expect(await findJava('Kafka', { PATH: bin })).toEqual({ program: path, version });
  });

  test.each([
    ['java version "1.8.0_402"', 'Java 8.0_402'],
    ['openjdk version "11.0.2"', 'Java 11.0.2'],
  ])('refuses one that says %s, and names it', async (said, found) => {
    program('java', `echo '${said}' >&2`);
    expect(await findJava('Kafka', { PATH: bin })).toMatchObject({
      missing: { tool: 'Java 17 or newer', found: expect.stringContaining(found), neededFor: 'Kafka' },
    });
  });

  test('refuses one that does not run', async () => {
    program('java', 'exit 1');
    expect((await findJava('Kafka', { PATH: bin })).missing?.found).toContain('does not run');
  });

  test('takes the one of JAVA_HOME first', async () => {
    const old = program('java', 'echo \'version "11"\' >&2');
    expect((await findJava('Kafka', { PATH: '', JAVA_HOME: join(bin, '..') })).missing?.found).toBeUndefined();
    expect((await findJava('Kafka', { PATH: bin, JAVA_HOME: '/no/such/folder' })).missing?.found).toContain(old);
  });
});

describe('looking for Python', () => {
  test('refuses one that is older or without venv', async () => {
    const path = program('python3', 'exit 1');
    expect((await findPython('the store', { PATH: bin })).missing?.found).toBe(`${path} is older or lacks venv`);
  });
});

describe('a machine without any of them', () => {
  test('is told all that is missing at once, with how to get it', async () => {
    const env = { PATH: '' };
    const checks = [await findJava('Kafka', env), findMaven('Kafka', env), await findPython('the store', env)];
    const { message } = new MissingToolsError(checks.flatMap(({ missing }) => (missing ? [missing] : [])));
    for (const part of ['Java 17', 'Maven', 'Python 3.10', 'for the store', 'install']) expect(message).toContain(part);
    expect(message.match(/Get it with/g)).toHaveLength(3);
  });

  test('has nothing on its PATH, whatever the folder we are in holds', () => {
    expect(findOnPath('package.json', { PATH: '' })).toBeUndefined();
    expect(findOnPath('java', { PATH: ':' })).toBeUndefined();
  });
});
