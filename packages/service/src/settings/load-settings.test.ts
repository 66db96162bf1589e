import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { setting } from './kinds.ts';
import {
  effectiveSettings,
  loadSettings,
  SettingsError,
  settingsMarkdown,
  type SettingsTable,
} from './load-settings.ts';

const table = {
  MAX_TASKS: setting.integer({ describe: 'Tasks at once.', default: 4, min: 1, max: 100 }),
  TIMEOUT_MS: setting.durationMs({ describe: 'Patience.', default: 1_000 }),
  TARGET: setting.url({ describe: 'Where to.', protocols: ['https:'] }),
  API_KEYS: setting.list({ describe: 'Who may.', default: [], secret: true }),
  MODE: setting.oneOf(['fast', 'safe'], { describe: 'How.', default: 'safe' }),
  SIGNING_SECRET: setting.secret({ describe: 'Signs.', optional: true, minLength: 8 }),
};

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('loadSettings', () => {
  test('gives typed values under the names of the variables', () => {
    const values = loadSettings(table, {
      TARGET: 'https://a.example',
      MAX_TASKS: ' 7 ',
      API_KEYS: 'a, b,',
      MODE: 'fast',
    });
    // The annotations are part of the test: tsc fails when the inference is wrong.
    const maxTasks: number = values.MAX_TASKS;
    const mode: 'fast' | 'safe' = values.MODE;
    const apiKeys: string[] = values.API_KEYS;
    const signingSecret: string | undefined = values.SIGNING_SECRET;
    // @ts-expect-error an optional setting may be undefined
    const certain: string = values.SIGNING_SECRET;
    expect({ maxTasks, mode, apiKeys, signingSecret, certain }).toEqual({
      maxTasks: 7,
      mode: 'fast',
      apiKeys: ['a', 'b'],
      signingSecret: undefined,
      certain: undefined,
    });
    expect(values.TIMEOUT_MS).toBe(1_000);
  });

  test.each(['', '   ', undefined])('counts %j as unset: the default holds', (text) => {
    expect(loadSettings(table, { TARGET: 'https://a.example', MAX_TASKS: text }).MAX_TASKS).toBe(4);
  });

  test('lists all faults at once, each with its variable, the limits and what was found', () => {
    const env = { MAX_TASKS: '101', TIMEOUT_MS: '5s', MODE: 'quick', SIGNING_SECRET: 'hunter2' };
    expect(faultsOf(() => loadSettings(table, env))).toEqual([
      'MAX_TASKS: expected whole number from 1 to 100, got "101"',
      'TIMEOUT_MS: expected whole number from 0 to 2147483647 (ms), got "5s"',
      'TARGET: expected url beginning with https://, got nothing',
      'MODE: expected one of fast, safe, got "quick"',
      'SIGNING_SECRET: expected text, at least 8 characters, got something else (a secret: set)',
    ]);
  });

  test.each([
    'https://user:hunter2@host:port/',
    'http://user:hunter2@host/',
    'https:/user:hunter2@host',
    'https://u:hun/hunter2@host',
  ])('shows no credentials of the wrong url %s', (TARGET) => {
    const faults = faultsOf(() => loadSettings(table, { TARGET }));
    expect(faults).toHaveLength(1);
    expect(faults.join()).not.toContain('hunter2');
    expect(faults.join()).toContain('host');
  });

  test('shortens a long wrong value', () => {
    const [fault = ''] = faultsOf(() => loadSettings(table, { TARGET: 'https://a.example', MODE: 'x'.repeat(10_000) }));
    expect(fault.length).toBeLessThan(300);
  });

  test('asks each rule over several settings whose own values are right', () => {
    const rules = [
      (values: { MAX_TASKS: number; TIMEOUT_MS: number }) =>
        values.MAX_TASKS > values.TIMEOUT_MS ? 'MAX_TASKS must not be above TIMEOUT_MS' : undefined,
      () => 'another rule',
    ];
    const env = { TARGET: 'https://a.example', MAX_TASKS: '9', TIMEOUT_MS: '8' };
    expect(faultsOf(() => loadSettings(table, env, { rules }))).toEqual([
      'MAX_TASKS must not be above TIMEOUT_MS',
      'another rule',
    ]);
    expect(faultsOf(() => loadSettings(table, { ...env, MAX_TASKS: '0' }, { rules }))).toEqual([
      expect.stringContaining('MAX_TASKS: expected'),
      'another rule',
    ]);
    expect(faultsOf(() => loadSettings(table, env, { rules: rules.slice(0, 0) }))).toEqual([]);
  });

  test('whatever the texts: there is a fault for each variable that is wrong, and for no other', () => {
    const limited = {
      A: setting.integer({ describe: 'a', default: 1, min: -3, max: 3 }),
      B: setting.port({ describe: 'b' }),
    };
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.integer().map(String)),
        fc.oneof(fc.string(), fc.nat().map(String)),
        (a, b) => {
          const faults = faultsOf(() => loadSettings(limited, { A: a, B: b }));
          const isFaulty = (text: string, whenBlank: boolean, min: number, max: number) =>
            text.trim() === ''
              ? whenBlank
              : !/^[+-]?\d+$/.test(text.trim()) || Number(text) < min || Number(text) > max;
          const expected = [
            ...(isFaulty(a, false, -3, 3) ? ['A'] : []),
            ...(isFaulty(b, true, 0, 65_535) ? ['B'] : []),
          ];
          expect(faults.map((fault) => fault.slice(0, fault.indexOf(':')))).toEqual(expected);
        },
      ),
    );
  });
});

describe('effectiveSettings', () => {
  test('shows secrets as set and urls without their credentials', () => {
    const secretive: SettingsTable = {
      ...table,
      STORE: setting.url({ describe: 'Store.', protocols: ['mongodb:'], severalHosts: true }),
    };
    const values = loadSettings(secretive, {
      TARGET: 'https://user:hunter2@a.example/?token=hunter2',
      API_KEYS: 'hunter2',
      SIGNING_SECRET: 'hunter2hunter2',
      STORE: 'mongodb://user:hunter2@a:1,b:2/?replicaSet=r',
    });
    expect(effectiveSettings(secretive, values)).toEqual({
      MAX_TASKS: 4,
      TIMEOUT_MS: 1_000,
      TARGET: 'https://***@a.example/?token=***',
      API_KEYS: 'set',
      MODE: 'safe',
      SIGNING_SECRET: 'set',
      STORE: 'mongodb://***@a:1,b:2/?replicaSet=r',
    });
  });

  test('shows what is not set as unset', () => {
    const values = loadSettings(table, { TARGET: 'https://a.example' });
    expect(effectiveSettings(table, values)).toMatchObject({ API_KEYS: 'unset', SIGNING_SECRET: 'unset' });
  });
});

test('a table has a row for each setting: name, type with limits, unit, default, what it does', () => {
  const table = {
    TIMEOUT_MS: setting.durationMs({ describe: 'Patience | nerves.', default: 5, max: 10 }),
    PREFIX: setting.string({ describe: 'Before names.', default: '' }),
    TARGET: setting.url({ describe: 'Where to.', protocols: ['https:'] }),
    KEY: setting.secret({ describe: 'Opens.', default: 'hunter2' }),
  };
  expect(settingsMarkdown('Gateway', table).split('\n')).toEqual([
    '### Gateway',
    '',
    '| setting | type | unit | default | what it does |',
    '| --- | --- | --- | --- | --- |',
    String.raw`| \`TIMEOUT_MS\` | whole number from 0 to 10 | ms | \`5\` | Patience \| nerves. |`.replaceAll(
      '\\`',
      '`',
    ),
    '| `PREFIX` | text |  | (none) | Before names. |',
    '| `TARGET` | url beginning with https:// |  | (required) | Where to. |',
    '| `KEY` | text (secret) |  | (set) | Opens. |',
  ]);
});
