import { Counter, Histogram, type Registry } from 'prom-client';

/** Why a record is not projected. */
export type RefusalKind = 'undecodable' | 'impossible' | 'id-conflict';

export interface ProjectorMetrics {
  /** A batch is in the read model, checkpoint included: the topic of each of its events. */
  projected(topics: readonly string[]): void;
  refused(topic: string, kind: RefusalKind): void;
  /** Measures one write to the database, whether it works or not. */
  timed<T>(what: 'documents' | 'history' | 'checkpoints', write: () => Promise<T>): Promise<T>;
}

/** The projector's metrics beside the consumer's (which has the lag). */
export function createProjectorMetrics(registry: Registry): ProjectorMetrics {
  const registers = [registry];
  const events = new Counter({
    name: 'projector_events_total',
    help: 'Events that were projected, repeats included, by topic',
    labelNames: ['topic'],
    registers,
  });
  const refused = new Counter({
    name: 'projector_refused_total',
    help: 'Records that went to the dead letters, by topic and kind: undecodable, impossible, or id-conflict (a request whose task id belongs to another request: ids were given twice)',
    labelNames: ['topic', 'kind'],
    registers,
  });
  const batchEvents = new Histogram({
    name: 'projector_batch_events',
    help: 'Events in one batch',
    buckets: [1, 3, 10, 30, 100, 300, 1000, 3000],
    registers,
  });
  const writeSeconds = new Histogram({
    name: 'projector_write_seconds',
    help: 'How long a write to the database took: a batch of documents, of history, or its checkpoints',
    labelNames: ['what'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers,
  });

  return {
    projected(batch) {
      for (const topic of batch) events.inc({ topic });
      batchEvents.observe(batch.length);
    },
    refused: (topic, kind) => refused.inc({ topic, kind }),
    async timed(what, write) {
      const end = writeSeconds.startTimer({ what });
      try {
        return await write();
      } finally {
        end();
      }
    },
  };
}
