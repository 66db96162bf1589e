/** RFC 3339's date-time, with the offset that it asks for, from 1970 on; as a regular expression of JSON Schema. */
export const rfc3339Pattern =
  '^(19[7-9]\\d|[2-9]\\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3])(:[0-5]\\d){2}(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$';

const pattern = new RegExp(rfc3339Pattern);

/** @returns milliseconds since 1970; undefined when the text is no such time, or one that there is not */
export function parseRfc3339(text: string): number | undefined {
  if (!pattern.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
