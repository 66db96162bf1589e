import { settingsTable as executor } from '../services/executor/src/config.ts';
import { problemTypes } from '../services/gateway/src/adapters/http/problem-types.ts';
import { settingsTable as gateway } from '../services/gateway/src/config.ts';
import { settingsTable as notifier } from '../services/notifier/src/config.ts';
import { settingsTable as projector } from '../services/projector/src/config.ts';
import { allSettingsMarkdown, problemsMarkdown, topicsMarkdown } from './tables.ts';

/** What stands between the markers of the README, by marker. */
export const readmeTables: ReadonlyMap<string, string> = new Map([
  ['problems', problemsMarkdown(problemTypes)],
  ['topics', topicsMarkdown()],
  ['settings', allSettingsMarkdown(new Map(Object.entries({ gateway, executor, notifier, projector })))],
]);
