import type { AttemptId } from '../memory/delivery-memory.ts';
import type { Webhook } from '../sending/webhook.rules.ts';

/** A completion as it lies, or lay, in `tasks.completed`: what retries and dead letters carry on. */
export interface CompletionRecord {
  partition: number;
  offset: number;
  key: string;
  value: Buffer;
  headers: Readonly<Record<string, string>>;
  timestampMs: number;
}

/** An attempt at a webhook that is due. */
export interface Delivery {
  id: AttemptId;
  webhook: Webhook;
  completion: CompletionRecord;
  /** When the round's first attempt was due, in milliseconds since 1970. */
  sinceMs: number;
  /** How often in a row it was put back. */
  parked: number;
}
