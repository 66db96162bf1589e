import type { SettingsTable } from './load-settings.ts';
import type { Setting } from './setting.ts';

const columns = ['setting', 'type', 'unit', 'default', 'what it does'];

/** A table of settings as markdown, under a heading: for the README, where a test keeps it current. */
export function settingsMarkdown(title: string, table: SettingsTable): string {
  const rows = Object.entries(table).map(([name, setting]) => [
    `\`${name}\``,
    setting.expected + (setting.secret ? ' (secret)' : ''),
    setting.unit ?? '',
    shownDefault(setting),
    setting.describe,
  ]);
  const lines = [columns, columns.map(() => '---'), ...rows];
  return [`### ${title}`, '', ...lines.map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`)].join('\n');
}

function shownDefault(setting: Setting<unknown>): string {
  if (!setting.fallback) return '(required)';
  const text = setting.write(setting.fallback.value);
  if (text === '') return '(none)';
  return setting.secret ? '(set)' : `\`${text}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replace(/\s*\n\s*/g, ' ');
}
