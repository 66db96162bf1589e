import { settingsTable as executor } from '../services/executor/src/config.ts';
import { settingsTable as gateway } from '../services/gateway/src/config.ts';
import { settingsTable as notifier } from '../services/notifier/src/config.ts';
import { settingsTable as projector } from '../services/projector/src/config.ts';
import { allSettingsMarkdown, topicsMarkdown } from './tables.ts';

/** What stands between the markers of the README, by marker. */
export const readmeTables: ReadonlyMap<string, string> = new Map([
  ['topics', topicsMarkdown()],
  ['settings', allSettingsMarkdown(new Map(Object.entries({ gateway, executor, notifier, projector })))],
]);
