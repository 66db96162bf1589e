import avro, { type schema } from 'avsc';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';

type RegistryErrorCode =
  /** No answer, or none that a registry gives. Passes. */
  | 'UNREACHABLE'
  /** It knows no such id, subject or schema. */
  | 'NOT_FOUND'
  /** The schema breaks the compatibility that its subject promises. */
  | 'INCOMPATIBLE'
  /** It answered that it will not do this. */
  | 'REFUSED';

/** Why the schema registry did not do what it was asked for. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;

  constructor(code: RegistryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface RegistryOptions {
  /** Base URL of the Confluent-compatible API, e.g. http://127.0.0.1:8081/apis/ccompat/v7. */
  url: string;
  auth?: { username: string; password: string };
  /** How long the registry may take for an answer. Default 3 s. */
  timeoutMs?: number;
}

/** The schema registry's API as far as we need it. Every call rejects with a RegistryError. */
export interface RegistryClient {
  /** Id of a schema in a subject; undefined: it is not registered there. */
  idOf(subject: string, avroSchema: schema.RecordType): Promise<number | undefined>;
  /** The Avro type with an id. Rejects with NOT_FOUND, also when the schema is not Avro. */
  typeOf(id: number): Promise<avro.Type>;
  /** A subject's own compatibility level; undefined: it has none, the registry's default is in force. */
  compatibility(subject: string): Promise<string | undefined>;
  setCompatibility(subject: string, level: string): Promise<void>;
  /** Registers the next version, in a subject whose compatibility is FULL_TRANSITIVE already. Returns its id. */
  register(subject: string, avroSchema: schema.RecordType): Promise<number>;
}

export function createRegistryClient({ url, auth, timeoutMs = 3_000 }: RegistryOptions): RegistryClient {
  const host = url.replace(/\/+$/, '');
  const client = new SchemaRegistry({
    host,
    auth,
    // Whoever calls knows whether to try again.
    retry: { retries: 0 },
    middlewares: [() => ({ prepareRequest: async (next) => (await next()).enhance({ timeout: timeoutMs }) })],
  });

  /** The part of the API that the npm client does not offer. */
  async function config(subject: string, init: RequestInit): Promise<Response> {
    const headers = new Headers({ 'content-type': 'application/vnd.schemaregistry.v1+json' });
    if (auth) headers.set('authorization', `Basic ${btoa(`${auth.username}:${auth.password}`)}`);
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      return await fetch(`${host}/config/${encodeURIComponent(subject)}`, { ...init, headers, signal });
    } catch (error) {
      throw new RegistryError('UNREACHABLE', `No answer from ${host}: ${reasonOf(error)}`, { cause: error });
    }
  }

  return {
    async idOf(subject, avroSchema) {
      try {
        return await client.getRegistryIdBySchema(subject, confluentSchema(avroSchema));
      } catch (error) {
        const known = registryError(error);
        if (known.code === 'NOT_FOUND') return undefined;
        throw known;
      }
    },

    async typeOf(id) {
      try {
        const type: unknown = await client.getSchema(id);
        if (avro.Type.isType(type)) return type as avro.Type;
      } catch (error) {
        throw registryError(error);
      }
      throw new RegistryError('NOT_FOUND', `Schema ${id} is not an Avro schema`);
    },

    async compatibility(subject) {
      const response = await config(subject, { method: 'GET' });
      if (response.status === 404) return undefined;
      const body = await jsonOf(response);
      return body.compatibilityLevel ?? body.compatibility;
    },

    async setCompatibility(subject, level) {
      await jsonOf(await config(subject, { method: 'PUT', body: JSON.stringify({ compatibility: level }) }));
    },

    async register(subject, avroSchema) {
      try {
        const options = { subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE };
        return (await client.register(confluentSchema(avroSchema), options)).id;
      } catch (error) {
        throw registryError(error);
      }
    },
  };
}

/** The same text each time: registries find a schema by it. */
function confluentSchema(avroSchema: schema.RecordType): { type: SchemaType.AVRO; schema: string } {
  return { type: SchemaType.AVRO, schema: JSON.stringify(avroSchema) };
}

interface ConfigBody {
  compatibilityLevel?: string;
  compatibility?: string;
  message?: string;
}

async function jsonOf(response: Response): Promise<ConfigBody> {
  const body = (await response.json().catch(() => undefined)) as ConfigBody | undefined;
  if (response.ok && body !== undefined) return body;
  const reason = `${response.url} answered ${response.status}: ${body?.message ?? 'no JSON'}`;
  throw new RegistryError(response.status >= 500 || body === undefined ? 'UNREACHABLE' : 'REFUSED', reason);
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

/**
 * Sorts the npm client's errors. They have a status and a text, and lead astray in two ways: a connection refused or a
 * time-out has status 400, and a 404 may come from a proxy in front of a registry that is away. Both are recognised by
 * the text, which the client words itself when the answer was not the registry's JSON.
 */
export function registryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  const { status, message } = error as { status?: number; message: string };
  const reason = withoutClassName(message.replace(/^Confluent_Schema_Registry - /, ''));
  const code = message.includes('Error, status') ? 'UNREACHABLE' : codeOfStatus(status);
  return new RegistryError(code, reason, { cause: error });
}

function codeOfStatus(status: number | undefined): RegistryErrorCode {
  // The client leaves the status out of a 404 when it was asked for a schema's id.
  if (status === undefined || status === 404) return 'NOT_FOUND';
  if (status === 409) return 'INCOMPATIBLE';
  return status >= 500 || status === 429 ? 'UNREACHABLE' : 'REFUSED';
}

/** Apicurio begins a refusal with the name of a Java class. */
function withoutClassName(reason: string): string {
  return reason.replace(/^(?:[a-z_$][\w$]*\.)+[A-Z][\w$]*: /, '');
}
