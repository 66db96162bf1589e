import { createHash } from 'node:crypto';

/** The contract's longest message; what another program's message has beyond it does not count. */
const maxMessageCharacters = 2_000;

/**
 * Equal for failures of the same kind: 16 hexadecimal digits of the SHA-256 of task type, error code and the message
 * without what differs from task to task.
 */
export function failureFingerprint(type: string, { code, message }: { code: string; message: string }): string {
  const kind = `${type}\n${code}\n${withoutVariables(message.slice(0, maxMessageCharacters))}`;
  return createHash('sha256').update(kind).digest('hex').slice(0, 16);
}

/**
 * What is replaced by `#`, in this order. Each expression is linear in the length of the text: an attempt to match
 * begins only at the start of a word, path or quotation, and ends at the next one.
 */
const variables: readonly (readonly [RegExp, string])[] = [
  // Quoted text. An apostrophe inside a word is no quotation mark.
  [/"[^"]*"|`[^`]*`|(?<!\w)'[^']*'(?!\w)|“[^“”]*”|«[^«»]*»|(?<!\p{L})‘(?:[^‘’]|’(?=\p{L}))*’/gu, '#'],
  // Path and query of a URL; its scheme and host stay.
  [/:\/\/([^\s/?#]*)[^\s]*/g, '://$1'],
  // Paths of files.
  [/(?<![\w.~/\\:-])(?:~|\.{1,2})?\/[^\s,;:()]+|(?<!\w)[A-Za-z]:\\[^\s,;:()]+/g, '#'],
  // Words with a digit (numbers, UUIDs, hexadecimal, ids), joined ones together: 127.0.0.1:80, 11:06:40.013, 2,000.
  [/(?<![\w-])[\w-]*\d[\w-]*(?:[.,:+][\w-]*\d[\w-]*)*/g, '#'],
  // Hexadecimal that has letters alone.
  [/(?<![\w-])[0-9a-f]{8,}(?![\w-])/gi, '#'],
];

function withoutVariables(message: string): string {
  return variables.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), ofJson(message));
}

/** JSON.parse quotes what it could not parse without masking the quotation marks in it. */
function ofJson(message: string): string {
  const end = message.lastIndexOf(' is not valid JSON');
  const start = message.search(/, (?:\.\.\.)?"/);
  return start === -1 || end < start ? message : `${message.slice(0, start)}, #${message.slice(end)}`;
}
