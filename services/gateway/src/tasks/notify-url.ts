/** The longest notify_url, in characters: what common servers and proxies take. */
export const maxNotifyUrlLength = 2048;

/**
 * What is wrong with a webhook address, if anything. Where it leads (a private network?) is judged when it is called,
 * not here: names resolve differently by then.
 * @param text not longer than `maxNotifyUrlLength`
 * @returns the rule it breaks, or null
 */
export function notifyUrlFault(text: string): string | null {
  if (/[\s\p{Cc}]/u.test(text) || !text.isWellFormed())
    return 'must not contain white space, control characters or half surrogate pairs';
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return 'must be an absolute http or https URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  return null;
}
