import {
  activeTopics,
  avroSchemas,
  eventExamples,
  topics,
  type EventName,
  type JSONSchemaObject,
  type Topic,
} from '@nask/schemas';
import { productVersion } from '@nask/service';
import { cleanupPolicies } from '@nask/task-log';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';

const kafkaBinding = { bindingVersion: '0.5.0' };

/**
 * The topics as an AsyncAPI 3.0 document, from the catalogue: a channel a topic, with its event as an Avro schema, and
 * an operation for each service that writes or reads it. A reserved topic has a channel and no operations. The document
 * has no servers: the address of the brokers is not public.
 * @param topicPrefix put before the names of the topics
 */
export function asyncApiDocument(topicPrefix: string): JSONSchemaObject {
  const catalogue = Object.entries<Topic>(topics);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'nask-task: events',
      version: productVersion,
      description:
        'What happens to tasks, in Kafka. Topics of tasks are keyed by task id and have the same partition count, so a task is in one partition number of all of them. Subscribe with a consumer group of your own. Of several TaskCompleted of a task, the one with the lowest offset is its outcome. Channels with `x-reserved` are part of the contract, but do not exist yet. Examples show a nullable field as its value, without the name of its Avro type. The same events field by field, with units and defaults: docs/events.md.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/vnd.apache.avro',
    channels: Object.fromEntries(catalogue.map(([name, topic]) => [name, channelOf(topicPrefix + name, topic)])),
    operations: Object.fromEntries(
      Object.entries(activeTopics).flatMap(([name, { producers, consumers }]) => [
        ...producers.map((service) => operationOf(service, 'send', name)),
        ...consumers.map((service) => operationOf(service, 'receive', name)),
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        catalogue.flatMap(([, { event, key }]) => (event === null ? [] : [[event, messageOf(event, key)]])),
      ),
      schemas: { EventHeaders: eventHeadersSchema },
    },
  };
}

function channelOf(address: string, topic: Topic): JSONSchemaObject {
  const { event, description, key, partitions, isReserved } = topic;
  return {
    address,
    description: isReserved === true ? `Reserved, not created yet. ${description}` : description,
    ...(isReserved === true ? { 'x-reserved': true } : {}),
    messages: {
      [event ?? 'original']: event === null ? originalOf(key) : { $ref: `#/components/messages/${event}` },
    },
    bindings: {
      kafka: {
        ...kafkaBinding,
        topic: address,
        ...(partitions === 'by-setting' ? {} : { partitions }),
        ...(topic.isCompacted === true ? { topicConfiguration: { 'cleanup.policy': cleanupPolicies(topic) } } : {}),
      },
    },
  };
}

/** A message of a topic that has records of others. */
function originalOf(key: Topic['key']): JSONSchemaObject {
  return {
    summary: 'The bytes and headers of another topic’s record.',
    contentType: 'application/octet-stream',
    bindings: { kafka: { ...kafkaBinding, key: keySchemas[key] } },
  };
}

function messageOf(event: EventName, key: Topic['key']): JSONSchemaObject {
  const schema = avroSchemas[event];
  return {
    name: event,
    summary: schema.doc,
    headers: { $ref: '#/components/schemas/EventHeaders' },
    payload: { schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0', schema },
    bindings: {
      kafka: {
        ...kafkaBinding,
        key: keySchemas[key],
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
      },
    },
    examples: [...eventExamples(event)].map(([name, payload]) => ({ name, payload })),
  };
}

/** JSON Schemas of the records' keys, by the catalogue's kinds. */
export const keySchemas: Readonly<Record<Topic['key'], JSONSchemaObject>> = {
  'task id, decimal': { type: 'string', pattern: '^[1-9][0-9]*$', description: 'Id of the task, in decimal.' },
  'gateway name': { type: 'string', description: 'Name of the gateway process.' },
  'executor name': { type: 'string', description: 'Name of the executor process.' },
  'bulk id': { type: 'string', format: 'uuid', description: 'Id of the bulk action, a UUIDv7.' },
  'schedule id': { type: 'string', description: 'Id of the schedule, chosen by the client.' },
  'dead letter': {
    type: 'string',
    pattern: '^(executor|notifier|projector)/(0|[1-9][0-9]*)$',
    description: 'Position of the dead letter: `<service>/<offset>`.',
  },
  'as in the original record': { type: 'string', description: 'The key of the original record, if it had one.' },
};

function operationOf(
  service: Topic['producers'][number],
  action: 'send' | 'receive',
  topic: string,
): [string, JSONSchemaObject] {
  const summary = `The ${service} ${action === 'send' ? 'writes' : 'reads'} ${topic}.`;
  return [`${service}-${action}-${topic}`, { action, summary, channel: { $ref: `#/channels/${topic}` } }];
}

/** JSON Schema of the headers of an event: CloudEvents 1.0 in binary mode, and the trace context. */
export const eventHeadersSchema: JSONSchemaObject = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_subject', 'ce_time'],
  properties: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', description: 'The event_id in the event: the same in every repetition of it.' },
    ce_type: { type: 'string', description: 'Name of the event.' },
    ce_source: { type: 'string', description: 'Which service wrote it.' },
    ce_subject: { type: 'string', description: "The record's key, such as the task id." },
    ce_time: { type: 'string', format: 'date-time' },
    ce_requestid: { type: 'string', description: 'X-Request-Id of the HTTP request that caused it.' },
    traceparent: { type: 'string', description: 'W3C Trace Context.' },
  },
};

export const getAsyncApiOperation: Operation = {
  operationId: 'getAsyncApi',
  summary: 'Read the document of the events in Kafka',
  tags: ['about'],
  responses: responses({ 200: jsonResponse('An AsyncAPI 3.0 document.', { type: 'object' }) }),
};

/** `GET /asyncapi.json`: the topics as an AsyncAPI document. */
export function getAsyncApi({ topicPrefix }: { topicPrefix: string }): RouteHandler {
  const text = JSON.stringify(asyncApiDocument(topicPrefix));
  return (ctx) => {
    ctx.body = text;
    ctx.type = 'application/json';
  };
}
