import { settingsMarkdown } from '@nask/service';
import { settingsTable as local } from '../local/config.ts';
import { settingsTable as executor } from '../services/executor/src/config.ts';
import { problemTypes } from '../services/gateway/src/http/problem-types.ts';
import { settingsTable as gateway } from '../services/gateway/src/config.ts';
import { settingsTable as notifier } from '../services/notifier/src/config.ts';
import { settingsTable as projector } from '../services/projector/src/config.ts';
import { eventsMarkdown, reservedEventsMarkdown } from './event-sections.ts';
import { allSettingsMarkdown, problemsMarkdown, reservedTopicsMarkdown, topicsMarkdown } from './tables.ts';

/** What stands between the markers of a document: by its path in the repository, then by marker. */
export const documentTables: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [
    'README.md',
    new Map([
      ['problems', problemsMarkdown(problemTypes)],
      ['topics', topicsMarkdown()],
      ['settings', allSettingsMarkdown(new Map(Object.entries({ gateway, executor, notifier, projector })))],
    ]),
  ],
  [
    'docs/events.md',
    new Map([
      ['events', eventsMarkdown()],
      ['reserved-topics', reservedTopicsMarkdown()],
      ['reserved-events', reservedEventsMarkdown()],
    ]),
  ],
  ['docs/running-locally.md', new Map([['npm-start-settings', settingsMarkdown('npm start', local)]])],
]);
