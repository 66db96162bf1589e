// Both expressions take linear time on any text: each has one fixed place to begin at, and what follows is bounded or
// does not overlap with what may come after it. A backslash takes the next character with it, so that they also work
// on text inside a JSON string.
const userInfo = /:\/\/(?:[^\s"\\/?#]|\\.)*@/g;
const secretParameter =
  /([?&][\w.-]{0,40}?(?:password|passwd|secret|token|api[_-]?key|signature)[\w.-]{0,40}=)[^&\s"\\#]*/gi;

/** Replaces the user information and the secret query parameters of all URLs in a text by ***. */
export function hideUrlCredentials(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(userInfo, '://***@').replace(secretParameter, '$1***');
}
