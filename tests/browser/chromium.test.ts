import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chromiumProgram } from './chromium.ts';

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'nask-browser-'));
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

function program(name: string): string {
  const path = join(bin, name);
  writeFileSync(path, '#!/bin/sh\n', { mode: 0o755 });
  return path;
}

describe('the browser of the tests', () => {
  test('is CHROMIUM, else one on the PATH', async () => {
    const chrome = program('google-chrome');
    expect(await chromiumProgram({ env: { PATH: bin } })).toBe(chrome);
    const chromium = program('chromium');
    expect(await chromiumProgram({ env: { PATH: bin } })).toBe(chromium);
    expect(await chromiumProgram({ env: { PATH: bin, CHROMIUM: chrome } })).toBe(chrome);
    await expect(chromiumProgram({ env: { PATH: bin, CHROMIUM: '/no/browser' } })).rejects.toThrow('/no/browser');
  });

  test('is named, with how to get it, where there is none and none can be installed', async () => {
    const wanted = 'apt-get install chromium';
    await expect(chromiumProgram({ env: { PATH: bin }, isRoot: true })).rejects.toThrow(wanted);
    program('apt-get');
    await expect(chromiumProgram({ env: { PATH: bin }, isRoot: false })).rejects.toThrow(wanted);
    const installing = chromiumProgram({ env: { PATH: bin }, isRoot: true });
    await expect(installing).rejects.toThrow(wanted);
    await expect(installing).rejects.toThrow('flock could not be run');
  });
});
