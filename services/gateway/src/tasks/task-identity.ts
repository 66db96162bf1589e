/** What tells a task from all others, and its request from all others. Written again with the same, it is the same task. */
export interface TaskIdentity {
  taskId: number;
  /** Id of its TaskRequested: a UUIDv7. */
  eventId: string;
  /** When it was asked for, in milliseconds since 1970. */
  requestedAtMs: number;
}
