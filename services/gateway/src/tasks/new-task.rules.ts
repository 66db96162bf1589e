import type { ValidateFunction } from 'ajv/dist/2020.js';
import {
  createPayloadAjv,
  payloadSchemaHash,
  type JSONSchemaObject,
  type SearchValue,
  type TaskType,
} from '@nask/schemas';
import { InvalidRequestError, type Fault } from '../errors.ts';
import { schemaFaults, schemaRef } from '../http/schema.rules.ts';
import { createSearchExtractor } from './search-values.rules.ts';

/** A task that a client may ask for: valid, and not yet accepted. */
export interface NewTask {
  type: string;
  /** JSON text, valid against the JSON Schema of the type. */
  payloadJson: string;
  notifyUrl: string | null;
  /** How long an attempt may run, where the client wants less than the type allows. */
  timeoutMs: number | null;
  tags: string[];
  /** Whether the webhook carries the result. */
  includeResult: boolean;
  /** Of the payload, by the schema of the type. */
  search: SearchValue[];
  /** Of the JSON Schema of the type. */
  payloadSchemaHash: string;
}

/** The longest `timeout`, in seconds: the longest task. */
const maxTimeoutS = 86_400;
/** The shortest: below it a time limit says nothing. */
const minTimeoutS = 0.001;

/** How many tags a task has at most, and how each looks. */
const maxTags = 10;
const tagPattern = '^[a-z0-9_.:=/-]{1,64}$';
const noTags: string[] = [];

interface TaskRequestBody {
  type: string;
  payload: unknown;
  notify_url?: string | null;
  timeout?: number | null;
  tags?: string[];
  include_result?: boolean;
}

/**
 * JSON Schema (draft 2020-12) of the body of `POST /api/tasks`.
 * @param typeNames the task types that it may have
 * @param payload the schema of its payload: of one type, that of the type
 */
function newTaskSchema(typeNames: readonly string[], payload: JSONSchemaObject): JSONSchemaObject {
  return {
    type: 'object',
    required: ['type', 'payload'],
    additionalProperties: false,
    properties: {
      type: { type: 'string', enum: typeNames, description: 'Name of the task type.' },
      payload,
      notify_url: {
        type: ['string', 'null'],
        format: 'uri',
        maxLength: maxNotifyUrlLength,
        description: 'Where the outcome is to be POSTed: an absolute http or https URL. Left out or null: nowhere.',
      },
      timeout: {
        type: ['number', 'null'],
        minimum: minTimeoutS,
        maximum: maxTimeoutS,
        description:
          'How long an attempt at the task may run, in seconds; past it the task ends in FAILURE. Left out, null or more than the type allows: what the type allows.',
      },
      tags: {
        type: 'array',
        maxItems: maxTags,
        uniqueItems: true,
        items: { type: 'string', pattern: tagPattern },
        default: [],
        description: `Labels of the task, each once: at most ${maxTags} of 1 to 64 characters of a-z, 0-9, \`_\`, \`.\`, \`:\`, \`=\`, \`/\` and \`-\`. GET shows them.`,
        examples: [['tenant=acme', 'nightly']],
      },
      include_result: {
        type: 'boolean',
        default: true,
        description: 'Whether the webhook carries the result. GET has it in any case.',
        examples: [false],
      },
    },
  };
}

/**
 * Makes the check of a parsed body. The schemas are compiled here, once.
 * @returns a function that gives the task, or throws InvalidRequestError with every fault it found (bounded)
 */
export function createTaskRequestValidator(taskTypes: ReadonlyMap<string, TaskType>): (body: unknown) => NewTask {
  // Whether notify_url is a URL is checked by `notifyUrlFault`, which says what is wrong with it.
  const ajv = createPayloadAjv({ allErrors: true, allowUnionTypes: true, formats: { uri: true } });
  // The payload is checked on its own, so that each fault is told once, whatever else is wrong.
  const isRequest = ajv.compile<TaskRequestBody>(newTaskSchema([...taskTypes.keys()], {}));
  const payloads = new Map(
    [...taskTypes].map(([name, { payloadSchema }]) => [
      name,
      {
        isValid: ajv.compile(payloadSchema),
        extractSearch: createSearchExtractor(payloadSchema),
        schemaHash: payloadSchemaHash(payloadSchema),
      },
    ]),
  );

  return (body) => {
    const faults: Fault[] = isRequest(body) ? [] : schemaFaults(isRequest.errors ?? [], '');
    const { type, payload, notify_url: notifyUrl, timeout, tags, include_result: includeResult } = fieldsOf(body);
    const ofType = typeof type === 'string' ? payloads.get(type) : undefined;
    if (ofType !== undefined && payload !== undefined) faults.push(...faultsOf(ofType.isValid, payload));
    if (typeof notifyUrl === 'string' && notifyUrl.length <= maxNotifyUrlLength) {
      const detail = notifyUrlFault(notifyUrl);
      if (detail !== null) faults.push({ pointer: '/notify_url', detail });
    }
    if (faults.length > 0) throw new InvalidRequestError(faults);
    const { extractSearch, schemaHash } = ofType!;
    const search = extractSearch(payload);
    if (search.faults.length > 0) throw new InvalidRequestError(search.faults);
    return {
      type: type as string,
      payloadJson: JSON.stringify(payload),
      notifyUrl: (notifyUrl as string) ?? null,
      timeoutMs: typeof timeout === 'number' ? Math.ceil(timeout * 1_000) : null,
      tags: (tags as string[] | undefined) ?? noTags,
      includeResult: (includeResult as boolean | undefined) ?? true,
      search: search.values,
      payloadSchemaHash: schemaHash,
    };
  };
}

function faultsOf(isPayload: ValidateFunction, payload: unknown): Fault[] {
  return isPayload(payload) ? [] : schemaFaults(isPayload.errors ?? [], '/payload');
}

/** The fields that are looked at one by one, of whatever came: an array or a string has none of them. */
function fieldsOf(body: unknown): { [Field in keyof TaskRequestBody]?: unknown } {
  return typeof body === 'object' && body !== null ? body : {};
}

/** The longest notify_url, in characters: what common servers and proxies take. */
const maxNotifyUrlLength = 2048;

/**
 * What is wrong with a webhook address, if anything. Where it leads (a private network?) is judged when it is called,
 * not here: names resolve differently by then.
 * @param text not longer than `maxNotifyUrlLength`
 * @returns the rule it breaks, or null
 */
function notifyUrlFault(text: string): string | null {
  if (/[\s\p{Cc}]/u.test(text) || !text.isWellFormed())
    return 'must not contain white space, control characters or half surrogate pairs';
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return 'must be an absolute http or https URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  return null;
}

/** `NewTask` is one of the schemas `New…Task`, chosen by `type`; each has its payload in a schema of its own. */
export function newTaskSchemas(taskTypes: ReadonlyMap<string, TaskType>): Record<string, JSONSchemaObject> {
  const types = [...taskTypes.values()].map((type) => ({ type, name: pascalCase(type.name) }));
  const mapping = types.map(({ type, name }) => [type.name, schemaRef(`New${name}Task`)['$ref']] as const);
  return {
    NewTask: {
      oneOf: mapping.map(([, $ref]) => ({ $ref })),
      discriminator: { propertyName: 'type', mapping: Object.fromEntries(mapping) },
    },
    ...Object.fromEntries(
      types.flatMap(({ type, name }) => [
        [`New${name}Task`, newTaskSchema([type.name], schemaRef(`${name}Payload`))],
        [`${name}Payload`, type.payloadSchema],
      ]),
    ),
  };
}

/** `resize-image` -> `ResizeImage`. */
function pascalCase(name: string): string {
  return name.replaceAll(/(^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_match, _between, first: string) => first.toUpperCase());
}
