import type { EventCodec } from '@nask/kafka';
import type { TaskIdSource } from '../../domain/task-id-source.ts';

/** What accepting tasks needs beside Kafka itself: the ids of our schemas, and a first block of task ids. */
export interface WriteSide {
  readonly name: string;
  /** Prepares in the background: reads are served while the registry or Kafka is away. */
  start(options: { signal: AbortSignal }): Promise<void>;
  /** Whether the schemas are known: asked of the registry once, then never again. */
  readonly knowsSchemas: () => boolean;
}

/**
 * @param onFailure told when preparing cannot succeed: the registry answers and does not have our schemas. That a lease
 *   fails is the id source's to tell.
 */
export function createWriteSide(options: {
  codec: EventCodec;
  ids: TaskIdSource;
  onFailure: (error: unknown) => void;
}): WriteSide {
  let knowsSchemas = false;

  async function prepare(signal: AbortSignal): Promise<void> {
    try {
      await options.codec.start({ signal });
    } catch (error) {
      if (!signal.aborted) options.onFailure(error);
      return;
    }
    knowsSchemas = true;
    await options.ids.refill();
  }

  return {
    name: 'schemas and task ids',
    async start({ signal }) {
      void prepare(signal);
    },
    knowsSchemas: () => knowsSchemas,
  };
}
