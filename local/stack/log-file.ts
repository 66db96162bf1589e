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

/** The last lines of a log, at most 16 KB of it; empty when there is no log. */
export function logTail(path: string, lines = 30): string {
  const windowBytes = 16_384;
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const size = fstatSync(file).size;
    const buffer = Buffer.alloc(Math.min(size, windowBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(file);
  }
}
