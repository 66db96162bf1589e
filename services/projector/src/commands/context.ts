import type { KafkaConnection, Logger } from '@nask/kafka';
import type { EventCodec } from '@nask/task-log';
import type { Db } from 'mongodb';

/** What a command of the projector works with. */
export interface CommandContext {
  readonly connection: KafkaConnection;
  readonly codec: EventCodec;
  readonly db: Db;
  readonly topicPrefix: string;
  readonly retentionMs: number;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  readonly logger: Logger;
  /** Fires when the user wants it to end. */
  readonly signal: AbortSignal;
  /** Prints a line of the command's result. */
  say(line: string): void;
  /** Prints a line that the next one takes the place of, where that can be. */
  progress(line: string): void;
}

/** Why a command could not do its work, for people. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'COMMAND_FAILED';
}
