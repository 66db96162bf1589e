import { hideUrlCredentials } from '@nask/service/hide-secrets';

/** What a longer text has beyond is dropped unseen: hiding takes stack in proportion to the length of a URL. */
const maxExamined = 20_000;

/**
 * A text of a thrown value as events, GET and webhooks show it: without the credentials of its URLs, as in the log, and
 * at most `maxLength` UTF-16 code units. They are hidden before the text is cut: half a URL would not be recognised.
 */
export function publicText(text: string, maxLength: number): string {
  const hidden = hideUrlCredentials(text.slice(0, maxExamined));
  const bounded = hidden.length <= maxLength ? hidden : `${hidden.slice(0, maxLength - 1)}…`;
  return bounded.toWellFormed();
}
