/** RFC 3339's date-time, with the offset that it asks for; as a regular expression of JSON Schema. */
export const rfc3339Pattern = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$';

const pattern = new RegExp(rfc3339Pattern);

/** @returns milliseconds since 1970; undefined when the text is no such time, or one that there is not */
export function parseRfc3339(text: string): number | undefined {
  if (!pattern.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
