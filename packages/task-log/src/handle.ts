import { DeadLetterError, type ConsumedRecord, type RecordContext, type Logger, type RecordHandler } from '@nask/kafka';
import type { DecodableTopicName } from '@nask/schemas';
import type { Tracing } from '@nask/service';
import { UndecodableError, type EventCodec, type EventOf } from './codec.ts';

/** What a handler gets beside the record. */
interface EventContext<T extends DecodableTopicName> extends RecordContext {
  /**
   * Decodes the record's event and checks that its task id is the record's key. At once when the schema is known; else
   * the registry is asked.
   * Throws or rejects with a DeadLetterError for a record that can never be read, and with a RegistryUnreachableError.
   */
  read(): EventOf<T> | Promise<EventOf<T>>;
}

/** What a service does with a record of a topic. */
export type EventHandler<T extends DecodableTopicName> = (
  record: ConsumedRecord,
  context: EventContext<T>,
) => Promise<void>;

/** The handlers of a service, by topic: each a function, or with the name of the span that its work is traced as. */
export type EventHandlers = {
  readonly [T in DecodableTopicName]?: EventHandler<T> | { readonly span: string; readonly handle: EventHandler<T> };
};

/**
 * Makes the topics and the handler of a parallel consumer from a table of handlers by topic.
 * The span of a record belongs to the trace that its headers name; the handler gets the record with the `traceparent` of
 * that span, so that what it writes is part of the trace.
 */
export function handleEvents(
  handlers: EventHandlers,
  { codec, tracing }: { codec: Pick<EventCodec, 'decode'>; tracing?: Tracing },
): { topics: string[]; handler: RecordHandler } {
  const byTopic = new Map<string, RecordHandler>();
  for (const [topic, entry] of Object.entries(handlers) as [DecodableTopicName, AnyEntry][]) {
    const handle = typeof entry === 'function' ? entry : entry.handle;
    const handler: RecordHandler = (record, { signal }) =>
      handle(record, { signal, read: () => readEvent(codec, topic, record) });
    const isTraced = typeof entry !== 'function' && tracing?.isOn;
    byTopic.set(topic, isTraced ? tracedHandler(tracing, entry.span, handler) : handler);
  }
  return { topics: [...byTopic.keys()], handler: (record, context) => byTopic.get(record.topic)!(record, context) };
}

type AnyEntry = EventHandler<DecodableTopicName> | { span: string; handle: EventHandler<DecodableTopicName> };

function readEvent<T extends DecodableTopicName>(
  codec: Pick<EventCodec, 'decode'>,
  topic: T,
  record: ConsumedRecord,
): EventOf<T> | Promise<EventOf<T>> {
  const refuse = (error: unknown): never => {
    if (error instanceof UndecodableError) throw new DeadLetterError(error.message, { record, cause: error });
    throw error;
  };
  let event: EventOf<T> | Promise<EventOf<T>>;
  try {
    event = codec.decode(topic, record.value);
  } catch (error) {
    return refuse(error);
  }
  if (event instanceof Promise) return event.then((decoded) => withItsKey(decoded, record), refuse);
  return withItsKey(event, record);
}

function withItsKey<E extends object>(event: E, record: ConsumedRecord): E {
  if (!('task_id' in event)) return event;
  const id = event.task_id as number;
  if (id >= 1 && String(id) === record.key) return event;
  throw new DeadLetterError(`The key ${JSON.stringify(record.key)} is not the id of the task, ${id}.`, { record });
}

function tracedHandler(tracing: Tracing, name: string, handle: RecordHandler): RecordHandler {
  return (record, context) => {
    const attributes = {
      'messaging.system': 'kafka',
      'messaging.destination.name': record.topic,
      'messaging.destination.partition.id': String(record.partition),
      'messaging.kafka.offset': record.offset,
      'nask.task_id': record.key ?? '',
    };
    const { traceparent: cause } = record.headers;
    return tracing.span({ name, kind: 'consumer', traceparent: cause, attributes }, (traceparent) => {
      const headers = traceparent === undefined ? record.headers : { ...record.headers, traceparent };
      return handle({ ...record, headers }, context);
    });
  };
}

/**
 * Decodes a record that is read back from the log, apart from any consumer: one that cannot be decoded is left out, with a
 * warning. The key is not checked.
 * Throws or rejects with a RegistryUnreachableError.
 * @returns a promise only when the registry has to be asked; undefined for a record that cannot be decoded
 */
export function decodeOrSkip<T extends DecodableTopicName>(
  codec: Pick<EventCodec, 'decode'>,
  topic: T,
  record: ConsumedRecord,
  logger: Pick<Logger, 'warn'>,
): EventOf<T> | undefined | Promise<EventOf<T> | undefined> {
  const skip = (error: unknown): undefined => {
    if (!(error instanceof UndecodableError)) throw error;
    const { partition, offset } = record;
    logger.warn({ err: error, topic, partition, offset }, 'a record that cannot be decoded is left out');
    return undefined;
  };
  try {
    const event = codec.decode(topic, record.value);
    return event instanceof Promise ? event.catch(skip) : event;
  } catch (error) {
    return skip(error);
  }
}
