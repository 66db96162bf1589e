import type { LogEnds } from '@nask/kafka';
import type { TopicName } from '@nask/schemas';
import { UnavailableError } from '../errors.ts';
import type { LogRange } from './find-task.ts';

/**
 * Makes the function that says between which offsets a topic has records, asked of Kafka after the call and once for all
 * who ask meanwhile.
 * @throws UnavailableError READ_MODEL_UNAVAILABLE when Kafka does not answer in time
 */
export function createLogRanges(logEnds: LogEnds): (topic: TopicName) => Promise<ReadonlyMap<number, LogRange>> {
  return async (topic) => {
    try {
      return await logEnds.endOffsets(topic);
    } catch (error) {
      throw new UnavailableError(
        'READ_MODEL_UNAVAILABLE',
        'What is asked for is not in the read model, and Kafka does not answer whether it may only be late.',
        { cause: error },
      );
    }
  };
}
