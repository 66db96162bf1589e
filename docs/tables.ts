import { activeTopics, reservedTopics, retentionMs, topicRetentionMarginDays, type Topic } from '@nask/schemas';
import { settingsMarkdown, type SettingsTable } from '@nask/service';

/**
 * Puts generated tables between the markers `<!-- name -->` and `<!-- /name -->` of a Markdown text.
 * @throws Error for a table without its markers
 */
export function fillMarkers(markdown: string, tables: ReadonlyMap<string, string>): string {
  let filled = markdown;
  for (const [name, table] of tables) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [start, end] = [filled.indexOf(open), filled.indexOf(close)];
    if (start < 0 || end < start) throw new Error(`The markers ${open} and ${close} are missing`);
    filled = `${filled.slice(0, start + open.length)}\n\n${table.trim()}\n\n${filled.slice(end)}`;
  }
  return filled;
}

/** The topics that exist as a Markdown table: topic, event, writers, readers, retention. */
export function topicsMarkdown(): string {
  return catalogueMarkdown(activeTopics);
}

/** The topics of later versions, in the same form. */
export function reservedTopicsMarkdown(): string {
  return catalogueMarkdown(reservedTopics);
}

function catalogueMarkdown(catalogue: Readonly<Record<string, Topic>>): string {
  const rows = Object.entries(catalogue).map(
    ([name, topic]) =>
      `| \`${name}\` | ${topic.event ?? 'any'} | ${topic.description} | ${topic.producers.join(', ')} | ${topic.consumers.join(', ') || '–'} | ${retention(topic)} |`,
  );
  return [
    '| topic | event | what it says | written by | read by | kept |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** The API's kinds of error, by the name that `type` ends with. */
export function problemsMarkdown(types: Readonly<Record<string, { status: number; meaning: string }>>): string {
  const rows = Object.entries(types).map(
    ([name, { status, meaning }]) => `| ${status} | \`/problems/${name}\` | ${meaning} |`,
  );
  return ['| status | type | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The settings of all services, a section each. */
export function allSettingsMarkdown(services: ReadonlyMap<string, SettingsTable>): string {
  return [...services].map(([name, table]) => settingsMarkdown(name, table).trim()).join('\n\n');
}

function retention(topic: Topic): string {
  const time = retentionMs(topic, 0) < 0 ? 'for ever' : `\`RETENTION_DAYS\` + ${topicRetentionMarginDays} days`;
  return topic.isCompacted === true ? `${time}; the newest of each key` : time;
}
