import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const maxBytes = 10 * 1024 * 1024;

/** Opens a log for a process to append to. One of over 10 MB is put aside first, as NAME.1, so that logs stay bounded. */
export function openLog(path: string): number {
  try {
    if (statSync(path).size > maxBytes) renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
  return openSync(path, 'a');
}

/**
 * The last lines of a log, at most 16 KB of it; empty when there is no log.
 * @param from offset in bytes that the lines come after: the size of the log at the start of the process
 */
export function logTail(path: string, { lines = 30, from = 0 }: { lines?: number; from?: number } = {}): string {
  return readEnd(path, from, 16_384).trimEnd().split('\n').slice(-lines).join('\n');
}

/**
 * The line of a log that says most about the end of its process: the last error in its last 64 KB, else the last line
 * that is neither indented nor a bracket. Both forms of the services' logs and those of the servers are understood.
 * @param from see logTail
 */
export function errorLine(path: string, from = 0): string {
  const lines = readEnd(path, from, 65_536)
    .split('\n')
    .filter((line) => /^[^\s}\])]/.test(line));
  return (lines.findLast(isError) ?? lines.at(-1) ?? '').trim();
}

/** A line of level error or fatal (pino: 50, 60), or the message of an error that Node printed. */
function isError(line: string): boolean {
  return line.startsWith('{')
    ? /^\{"level":(?:[5-9]\d|"(?:error|fatal)")/.test(line)
    : /ERROR|FATAL|^(?:\w*Error|error)\b.*:/.test(line);
}

function readEnd(path: string, from: number, maxWindowBytes: number): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.max(0, Math.min(size - from, maxWindowBytes)));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}
