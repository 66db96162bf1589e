import { within } from '@nask/async';
import { createRequire } from 'node:module';
import type { Broker } from 'kafkajs';
import { topicName, type KafkaConnection } from '../connection.ts';
import { connectGroupless, type GrouplessCluster } from './groupless-cluster.ts';

/** Kafka did not say which ids topics have. Trying again may help. */
export class TopicIdsError extends Error {
  override readonly name = 'TopicIdsError';
  readonly code = 'TOPIC_IDS_UNAVAILABLE';
}

/** Which ids Kafka gave topics when they were created: one that is deleted and created again has another. */
export interface TopicIds {
  /**
   * Rejects with TopicIdsError, within the time-out; also when one of them does not exist.
   * @param topics the catalogue's names
   * @returns topic -> id, as Kafka's tools print it; without those that have none, and empty with a Kafka before 3.0
   */
  read(topics: readonly string[]): Promise<ReadonlyMap<string, string>>;
  stop(): Promise<void>;
}

/** What a topic has that is older than Kafka 2.8. */
const none = Buffer.alloc(16).toString('base64url');

/** Opens nothing by itself: the first question connects. */
export function createTopicIds(
  connection: KafkaConnection,
  { timeoutMs = 4_000 }: { timeoutMs?: number } = {},
): TopicIds {
  let current: GrouplessCluster | undefined;
  let stopped = false;

  async function ask({ connected }: GrouplessCluster, topics: readonly string[]): Promise<Map<string, string>> {
    const cluster = await connected;
    const names = new Map(topics.map((topic) => [topicName(connection, topic), topic]));
    await cluster.addMultipleTargetTopics([...names.keys()]);
    const broker = await cluster.findControllerBroker();
    const ids = new Map<string, string>();
    if (!(await knowsTopicIds(broker))) return ids;
    for (const { errorCode, name, topicId } of await requestMetadata(broker, [...names.keys()])) {
      if (errorCode !== 0) throw new Error(`Kafka's error ${errorCode} for ${name}`);
      if (topicId !== none) ids.set(names.get(name)!, topicId);
    }
    return ids;
  }

  return {
    async read(topics) {
      if (stopped) throw new TopicIdsError('The look-up of topic ids is stopped');
      const used = (current ??= connectGroupless(connection));
      try {
        return await within(timeoutMs, 'asking for topic ids', ask(used, topics));
      } catch (error) {
        // Whatever it is stuck in ends with it.
        used.abandon();
        if (current === used) current = undefined;
        const { message } = error as Error;
        throw new TopicIdsError(`Kafka did not say which ids topics have: ${message}`, { cause: error });
      }
    },
    async stop() {
      stopped = true;
      current?.abandon();
    },
  };
}

/**
 * Kafka's Metadata request in version 12, which answers with the topics' ids: kafkajs knows those up to 6. It is of the
 * flexible ones (KIP-482): compact strings and arrays, and tagged fields behind the header and each structure.
 * https://kafka.apache.org/43/design/protocol/#The_Messages_Metadata
 */
const apiKey = 3;
const apiVersion = 12;

interface TopicMetadata {
  /** Kafka's number of it; 0: none. */
  errorCode: number;
  /** The cluster's name of the topic. */
  name: string;
  /** As Kafka's own tools print it, 16 bytes in Base64url; all zero where the topic has none. */
  topicId: string;
}

/** Kafka 3.0 and later do. */
async function knowsTopicIds(broker: Broker): Promise<boolean> {
  const versions = await broker.apiVersions();
  return (versions[apiKey]?.maxVersion ?? 0) >= apiVersion;
}

/** Asks a broker about topics, which it does not create. @param names the cluster's names. Rejects with kafkajs's error. */
async function requestMetadata(broker: Broker, names: readonly string[]): Promise<TopicMetadata[]> {
  const { connectionPool } = broker as unknown as { connectionPool: ConnectionPool };
  return connectionPool.send({
    request: { apiKey, apiVersion, apiName: 'Metadata', encode: async () => encode(names) },
    response: { decode: async (bytes) => decode(bytes), parse: async (topics) => topics },
  });
}

/** The header's tagged fields, then: [topics] allow_auto_topic_creation include_topic_authorized_operations. */
function encode(names: readonly string[]): Encoder {
  const topics = names.map((name) => topicId(new Encoder()).writeUVarIntString(name).writeUVarInt(0));
  return new Encoder()
    .writeUVarInt(0)
    .writeUVarIntArray(topics)
    .writeBoolean(false)
    .writeBoolean(false)
    .writeUVarInt(0);
}

/** All zero: by name. */
function topicId(encoder: Encoder): Encoder {
  return encoder.writeInt32(0).writeInt32(0).writeInt32(0).writeInt32(0);
}

function decode(bytes: Buffer): TopicMetadata[] {
  const decoder = new Decoder(bytes);
  decoder.readTaggedFields();
  decoder.readInt32(); // throttle_time_ms
  decoder.readUVarIntArray(skipBroker);
  decoder.readUVarIntString(); // cluster_id
  decoder.readInt32(); // controller_id
  return decoder.readUVarIntArray(readTopic) ?? [];
}

function skipBroker(decoder: Decoder): void {
  decoder.readInt32(); // node_id
  decoder.readUVarIntString(); // host
  decoder.readInt32(); // port
  decoder.readUVarIntString(); // rack
  decoder.readTaggedFields();
}

function readTopic(decoder: Decoder): TopicMetadata {
  const errorCode = decoder.readInt16();
  const name = decoder.readUVarIntString() ?? '';
  const id = decoder.readBytes(16).toString('base64url');
  decoder.readBoolean(); // is_internal
  decoder.readUVarIntArray(skipPartition);
  decoder.readInt32(); // topic_authorized_operations
  decoder.readTaggedFields();
  return { errorCode, name, topicId: id };
}

function skipPartition(decoder: Decoder): void {
  decoder.readInt16(); // error_code
  for (let field = 0; field < 3; field += 1) decoder.readInt32(); // partition_index, leader_id, leader_epoch
  // replica_nodes, isr_nodes, offline_replicas
  for (let list = 0; list < 3; list += 1) decoder.readUVarIntArray((node) => node.readInt32());
  decoder.readTaggedFields();
}

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as new () => Encoder;
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => Decoder;

/** What is used of kafkajs's encoder, decoder and connections, which its types do not tell of. */
interface Encoder {
  writeBoolean(value: boolean): Encoder;
  writeInt32(value: number): Encoder;
  writeUVarInt(value: number): Encoder;
  writeUVarIntArray(structures: readonly Encoder[]): Encoder;
  writeUVarIntString(text: string): Encoder;
}

interface Decoder {
  readBoolean(): boolean;
  readBytes(length: number): Buffer;
  readInt16(): number;
  readInt32(): number;
  readTaggedFields(): unknown;
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[] | null;
  readUVarIntString(): string | null;
}

interface ConnectionPool {
  send<T>(protocol: {
    request: { apiKey: number; apiVersion: number; apiName: string; encode: () => Promise<Encoder> };
    response: { decode: (bytes: Buffer) => Promise<T>; parse: (decoded: T) => Promise<T> };
  }): Promise<T>;
}
