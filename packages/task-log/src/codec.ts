import { Buffer } from 'node:buffer';
import {
  activeTopics,
  avroSchemas,
  eventTopicOf,
  reservedTopics,
  topics,
  type CopyTopicName,
  type DecodableTopicName,
  type EventName,
  type Events,
  type EventTopicName,
  type EventTopicOf,
  type NewEvents,
  type Topic,
  type TopicName,
} from '@nask/schemas';
import { backoffMs, retry } from '@nask/async';
import type { Logger } from '@nask/kafka';
import type { Type } from 'avsc';
import { avroTypeOf, createEncoder, schemaIdOf, wireHeaderBytes } from './registry/wire-format.ts';
import { createRegistryClient, RegistryError, type RegistryOptions } from './registry/registry.ts';

/** The event that a topic carries, or that the topic carries that it has copies of. */
export type EventOf<T extends DecodableTopicName> = Events[(typeof topics)[EventTopicOf<T>]['event']];

/** The same event as it is written: fields with a default may be left out. */
export type NewEventOf<T extends EventTopicName> = NewEvents[(typeof topics)[T]['event'] & EventName];

/** The value is no event that we can read, now or later: for the dead letters. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
  readonly code = 'UNDECODABLE';
}

/** The value's schema is not known yet and the registry did not say it: try again. */
export class RegistryUnreachableError extends Error {
  override readonly name = 'RegistryUnreachableError';
  readonly code = 'REGISTRY_UNREACHABLE';
}

/** The registry does not have our schemas. */
class ContractMissingError extends Error {
  override readonly name = 'ContractMissingError';
  readonly code = 'CONTRACT_MISSING';
}

/** Events to bytes and back, in the registry's wire format. */
export interface EventCodec {
  /**
   * Asks the registry for the ids of our own schemas; after that encoding needs it no more, and decoding only for
   * schemas of other versions. Waits while the registry cannot be reached, and says so in the log.
   * Rejects with ContractMissingError when it does not have them, and with the signal's reason when that is aborted.
   */
  start(options?: { signal?: AbortSignal }): Promise<void>;
  /** Encodes an event of a topic that is not reserved. Throws an EncodeError that names the field when the data does not match the schema, also for a field too many. */
  encode<T extends EventTopicName>(topic: T, data: NewEventOf<T>): Buffer;
  /**
   * Reads a record's value, whatever version of the schema it was written with, as our version. At once when the
   * schema is known; else the registry is asked, once for all that wait for the same schema. Values of a topic of copies
   * are read as those of the topic that they come from.
   * Throws or rejects with UndecodableError or RegistryUnreachableError.
   */
  decode<T extends DecodableTopicName>(topic: T, value: Buffer | null): EventOf<T> | Promise<EventOf<T>>;
}

const startBackoff = { initialMs: 250, maxMs: 1_000 };

/** The topics that the codec encodes and decodes, but for those of copies: those with a schema in the registry. */
export const eventTopics = (Object.keys(activeTopics) as TopicName[]).filter(isEventTopic);

const copyTopics = (Object.keys(activeTopics) as TopicName[]).filter(
  (topic): topic is CopyTopicName => (topics[topic] as Topic).copyOf !== undefined,
);

/** Why the codec does not know a topic. */
function whyNoEvent(topic: TopicName): string {
  return topic in reservedTopics
    ? `${topic} is reserved: it has no schema in the registry yet`
    : `${topic} carries no event`;
}

function isEventTopic(topic: string): topic is EventTopicName {
  return topics[topic as EventTopicName]?.event != null;
}

/** Subject of a topic's values: TopicNameStrategy. */
export function subjectOf(topicPrefix: string, topic: string): string {
  return `${topicPrefix}${topic}-value`;
}

type Decoder = (value: Buffer) => unknown;

export function createEventCodec({
  registryUrl,
  auth,
  topicPrefix = '',
  logger,
}: {
  registryUrl: string;
  auth?: RegistryOptions['auth'];
  /** As in the connection: subjects are `<prefix><topic>-value`. */
  topicPrefix?: string;
  logger: Logger;
}): EventCodec {
  const registry = createRegistryClient({ url: registryUrl, auth });
  const readerTypes = new Map(eventTopics.map((topic) => [topic, avroTypeOf(schemaOf(topic))]));
  const encoders = new Map<EventTopicName, (data: unknown) => Buffer>();
  // By topic, then schema id. Holds as many as the registry has versions of our schemas.
  const decoders = new Map<TopicName, Map<number, Decoder>>(eventTopics.map((topic) => [topic, new Map()]));
  for (const topic of copyTopics) decoders.set(topic, decoders.get(eventTopicOf(topic))!);
  const fetching = new Map<string, Promise<Decoder>>();

  async function findOwnSchemas(): Promise<void> {
    for (const topic of eventTopics) {
      const subject = subjectOf(topicPrefix, topic);
      const id = await registry.idOf(subject, schemaOf(topic));
      if (id === undefined)
        throw new ContractMissingError(
          `The registry at ${registryUrl} does not have our schema of ${subject}: apply the contract first (npm run contract)`,
        );
      const type = readerTypes.get(topic)!;
      encoders.set(topic, createEncoder(type, id));
      decoders.get(topic)!.set(id, createDecoder(topic, type, type));
    }
  }

  /** One request for all who wait for the same schema. */
  function fetchDecoder(topic: EventTopicName, id: number): Promise<Decoder> {
    const key = `${topic}/${id}`;
    const running = fetching.get(key);
    if (running !== undefined) return running;
    const request = fetchWriterType(registry.typeOf(id), id)
      .then((writerType) => {
        const decoder = createDecoder(topic, readerTypes.get(topic)!, writerType);
        decoders.get(topic)!.set(id, decoder);
        return decoder;
      })
      .finally(() => fetching.delete(key));
    fetching.set(key, request);
    return request;
  }

  return {
    start: ({ signal } = {}) =>
      retry(findOwnSchemas, {
        signal,
        onFailure(error, failures) {
          if (!(error instanceof RegistryError && error.code === 'UNREACHABLE')) throw error;
          const retryMs = backoffMs(startBackoff, failures, 1);
          logger.warn(
            { registryUrl, reason: error.message, retryMs },
            'the schema registry cannot be reached: waiting for it',
          );
          return retryMs;
        },
      }),

    encode(topic, data) {
      const encode = encoders.get(topic);
      if (encode === undefined)
        throw new Error(readerTypes.has(topic) ? 'The codec is not started' : whyNoEvent(topic));
      return encode(data);
    },

    decode<T extends DecodableTopicName>(topic: T, value: Buffer | null) {
      const known = decoders.get(topic);
      if (known === undefined) throw new UndecodableError(whyNoEvent(topic));
      const id = value === null ? undefined : schemaIdOf(value);
      if (value === null || id === undefined)
        throw new UndecodableError(`A value in ${topic} is not in the wire format`);
      const decoder = known.get(id);
      if (decoder !== undefined) return decoder(value) as EventOf<T>;
      return fetchDecoder(eventTopicOf(topic), id).then((fetched) => fetched(value) as EventOf<T>);
    },
  };
}

function schemaOf(topic: EventTopicName) {
  return avroSchemas[topics[topic].event as EventName];
}

async function fetchWriterType(request: Promise<Type>, id: number): Promise<Type> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'NOT_FOUND')
      throw new UndecodableError(`Schema ${id}: ${error.message}`, { cause: error });
    throw new RegistryUnreachableError(`Schema ${id}: ${(error as Error).message}`, { cause: error });
  }
}

function createDecoder(topic: string, readerType: Type, writerType: Type): Decoder {
  try {
    const resolver = readerType === writerType ? undefined : readerType.createResolver(writerType);
    return (value) => {
      try {
        return readerType.fromBuffer(value.subarray(wireHeaderBytes), resolver);
      } catch (error) {
        throw new UndecodableError(`A value in ${topic} does not match its schema: ${(error as Error).message}`, {
          cause: error,
        });
      }
    };
  } catch (error) {
    throw new UndecodableError(`A value in ${topic} has a schema that ours cannot read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
