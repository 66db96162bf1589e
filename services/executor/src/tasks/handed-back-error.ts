/**
 * A task was not brought to its end here: this process stops, or its partition went to another executor. Nothing is
 * sent for it and its record is not committed, so it runs again elsewhere.
 */
export class HandedBackError extends Error {
  readonly code = 'HANDED_BACK';
  override readonly name = 'HandedBackError';
}
