/**
 * Reads a task id as it stands in a path: a positive decimal integer without sign or leading zeros.
 * @returns undefined when it is none, or is above 2^53 - 1, which no lease reaches
 */
export function parseTaskId(text: string): number | undefined {
  if (!/^[1-9]\d{0,15}$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
}
