import type { GroupCommitProducer, Logger } from '@nask/kafka';
import type { EventPublisher } from '@nask/task-log';
import { newEventId } from '../write-side.ts';
import { assertNewIds } from './task-id-source.ts';

/**
 * Makes the function that leases a block of ids: one record to `task-id-leases`, in a send of its own; its offset is
 * the lease. The first lease of the process is compared with the highest id that is stored, where the store can be
 * asked. It is asked before the lease is: what is stored by then has an id of an earlier lease.
 * @param gateway name of this process
 * @param highestStoredId the highest id in the store; may reject
 * @returns gives the lease's offset. @throws IdsWouldRepeatError, ProducerError
 */
export function createIdLease(options: {
  producer: Pick<GroupCommitProducer, 'sendAlone'>;
  publisher: Pick<EventPublisher, 'recordOf'>;
  gateway: string;
  deadlineMs: number;
  highestStoredId: () => Promise<number>;
  logger: Logger;
}): () => Promise<number> {
  const { producer, publisher, gateway, logger } = options;
  let compared = false;

  return async () => {
    const highestId = compared ? 0 : await highestKnownId();
    const lease = { gateway, leased_at: Date.now() };
    const record = publisher.recordOf('task-id-leases', lease, { eventId: newEventId() });
    const { offset } = await producer.sendAlone(record, { deadlineMs: options.deadlineMs });
    assertNewIds(offset, highestId);
    compared = true;
    return offset;
  };

  async function highestKnownId(): Promise<number> {
    try {
      return await options.highestStoredId();
    } catch (error) {
      logger.warn({ err: error }, 'The store does not answer: the first lease of task ids is not compared with it');
      return 0;
    }
  }
}
