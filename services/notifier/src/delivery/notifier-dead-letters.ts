import { createDeadLetters, type DeadLetterSink, type GroupCommitProducer } from '@nask/kafka';
import { deadLetterTopic } from '@nask/schemas';
import { UndeliverableError } from './undeliverable-error.ts';

/**
 * Where records go that the notifier is done with and did not deliver. What cannot be understood has a ceiling a
 * minute: more of it means a fault in the system, and its partition stops. What cannot be delivered has none: a
 * receiver that is away is everyday, and stops nobody.
 */
export function createNotifierDeadLetters(producer: Pick<GroupCommitProducer, 'send'>): DeadLetterSink {
  const topic = deadLetterTopic('notifier');
  const notUnderstood = createDeadLetters({ producer, topic });
  const undeliverable = createDeadLetters({ producer, topic, maxPerMinute: Number.POSITIVE_INFINITY });
  return {
    publish: (record, error) =>
      (error instanceof UndeliverableError ? undeliverable : notUnderstood).publish(record, error),
  };
}
