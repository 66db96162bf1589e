import { createRequire } from 'node:module';
import type { Broker } from 'kafkajs';

/**
 * Kafka's Metadata request in version 12, which answers with the topics' ids: kafkajs knows those up to 6. It is of the
 * flexible ones (KIP-482): compact strings and arrays, and tagged fields behind the header and each structure.
 * https://kafka.apache.org/43/design/protocol/#The_Messages_Metadata
 */
const apiKey = 3;
const apiVersion = 12;

export interface TopicMetadata {
  /** Kafka's number of it; 0: none. */
  errorCode: number;
  /** The cluster's name of the topic. */
  name: string;
  /** As Kafka's own tools print it, 16 bytes in Base64url; all zero where the topic has none. */
  topicId: string;
}

/** Kafka 3.0 and later do. */
export async function knowsTopicIds(broker: Broker): Promise<boolean> {
  const versions = await broker.apiVersions();
  return (versions[apiKey]?.maxVersion ?? 0) >= apiVersion;
}

/** Asks a broker about topics, which it does not create. @param names the cluster's names. Rejects with kafkajs's error. */
export async function requestMetadata(broker: Broker, names: readonly string[]): Promise<TopicMetadata[]> {
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
