/** The task was cancelled: its work stops, and it ends as REVOKED. */
export class RevokedError extends Error {
  readonly code = 'REVOKED';
  override readonly name = 'RevokedError';
}
