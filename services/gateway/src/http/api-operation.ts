import type { JSONSchemaObject } from '@nask/schemas';
import type { Scope } from '../access/api-keys.rules.ts';

/** An OpenAPI 3.1 Operation Object, as far as this API uses it. */
export interface OperationObject {
  operationId: string;
  summary: string;
  description?: string;
  tags: readonly [Tag];
  parameters?: readonly ParameterObject[];
  requestBody?: { required: true; content: Record<string, MediaTypeObject> };
  responses: Record<string, ResponseObject>;
  security?: readonly Record<string, readonly string[]>[];
  /** The interactive page does not show it. */
  'x-internal'?: true;
}

export interface ParameterObject {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description: string;
  /** May have `examples`: they are documentation. */
  schema: JSONSchemaObject;
  /** The interactive page sends it unless a person changes it: for required parameters only. */
  example?: unknown;
}

export interface MediaTypeObject {
  schema: JSONSchemaObject;
  examples?: Record<string, { summary?: string; value: unknown }>;
}

export interface ResponseObject {
  description: string;
  headers?: Record<string, JSONSchemaObject>;
  content?: Record<string, MediaTypeObject>;
  links?: Record<string, unknown>;
}

/** The groups that the interactive page shows. */
export const tags = {
  tasks: 'Post tasks, read them, cancel them.',
  webhooks: 'Send outcomes again.',
  about: 'The API itself: documents, figures, kinds of errors.',
} as const;

export type Tag = keyof typeof tags;

/** One operation of the API as it stands in the document. Each route has one: a test compares them. */
export interface ApiOperation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With parameters in braces: `/api/tasks/{id}`. */
  path: `/${string}`;
  /** What a client's key has to allow; `public`: no key is asked for. */
  scope: Scope | 'public';
  operation: OperationObject;
}

/** Refers to a schema of the document by its name. */
export function schemaRef(name: string): JSONSchemaObject {
  return { $ref: `#/components/schemas/${name}` };
}
