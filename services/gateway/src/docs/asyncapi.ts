import { avroSchemas, topics, type JSONSchemaObject, type Topic } from '@nask/schemas';
import { productVersion } from '@nask/service';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';

const kafkaBinding = { bindingVersion: '0.5.0' };

/**
 * The topics as an AsyncAPI 3.0 document, from the catalogue: a channel a topic, with its event as an Avro schema, and
 * an operation for each service that writes or reads it. Where the brokers are, it does not say: who may know is told.
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
        'What happens to tasks, in Kafka. Topics of tasks are keyed by task id and have the same partition count, so a task is in one partition number of all of them. Subscribe with a consumer group of your own. Of several TaskCompleted of a task, the one with the lowest offset is its outcome.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/vnd.apache.avro',
    channels: Object.fromEntries(catalogue.map(([name, topic]) => [name, channelOf(topicPrefix + name, topic)])),
    operations: Object.fromEntries(
      catalogue.flatMap(([name, { producers, consumers }]) => [
        ...producers.map((service) => operationOf(service, 'send', name)),
        ...consumers.map((service) => operationOf(service, 'receive', name)),
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        catalogue.flatMap(([, topic]) =>
          topic.event === null ? [] : [[topic.event, messageOf(topic.event, topic.key)]],
        ),
      ),
      schemas: { EventHeaders: eventHeadersSchema },
    },
  };
}

function channelOf(address: string, { event, description, key, partitions }: Topic): JSONSchemaObject {
  return {
    address,
    description,
    messages: {
      [event ?? 'original']:
        event === null
          ? { summary: 'The bytes and headers of another topic’s record.', contentType: 'application/octet-stream' }
          : { $ref: `#/components/messages/${event}` },
    },
    bindings: {
      kafka: { ...kafkaBinding, topic: address, ...(partitions === 'by-setting' ? {} : { partitions }) },
    },
    ...(event === null ? { 'x-key': key } : {}),
  };
}

function messageOf(event: keyof typeof avroSchemas, key: Topic['key']): JSONSchemaObject {
  const schema = avroSchemas[event];
  return {
    name: event,
    summary: schema.doc,
    headers: { $ref: '#/components/schemas/EventHeaders' },
    payload: { schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0', schema },
    bindings: {
      kafka: {
        ...kafkaBinding,
        key: { type: 'string', description: key },
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
      },
    },
  };
}

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
    ce_subject: { type: 'string', description: 'The task id, in decimal.' },
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
