import { expect, test } from '@jest/globals';
import { setting } from './kinds.ts';
import { settingsMarkdown } from './settings-markdown.ts';

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
