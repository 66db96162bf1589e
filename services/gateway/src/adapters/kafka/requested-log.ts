import type { LogEnds } from '@nask/kafka';
import { UnavailableError } from '../../domain/errors.ts';
import type { LogRange } from '../../domain/find-task.ts';

/**
 * Makes the function that says between which offsets `tasks.requested` has records, asked of Kafka after the call and
 * once for all who ask meanwhile.
 * @throws UnavailableError READ_MODEL_UNAVAILABLE when Kafka does not answer in time
 */
export function createRequestedLog(logEnds: LogEnds): () => Promise<ReadonlyMap<number, LogRange>> {
  return async () => {
    try {
      return await logEnds.endOffsets('tasks.requested');
    } catch (error) {
      throw new UnavailableError(
        'READ_MODEL_UNAVAILABLE',
        'The task is not in the read model, and Kafka does not answer whether it may only be late.',
        { cause: error },
      );
    }
  };
}
