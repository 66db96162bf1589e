import { Buffer } from 'node:buffer';
import avro, { type schema, type Type } from 'avsc';

/** The data does not match its event's schema: a fault of the program that made it. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
  readonly code = 'ENCODE';
  /** The field, e.g. `error.code`. */
  readonly path: string;

  constructor(eventName: string, path: string, reason: string) {
    super(`${eventName}${path === '' ? '' : `.${path}`}: ${reason}`);
    this.path = path;
  }
}

const magicByte = 0;
/** Most events are smaller. */
const minScratchBytes = 1_024;
/** Magic byte and schema id. */
export const wireHeaderBytes = 5;

/**
 * Makes the encoder of one event: the registry's wire format (magic byte 0, schema id as a 32-bit big-endian integer,
 * Avro binary). https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format
 * Strict, which avsc by itself is not: a field that the schema does not have would be left out without a word.
 */
export function createEncoder(type: Type, schemaId: number): (data: unknown) => Buffer {
  let scratch = Buffer.alloc(minScratchBytes);
  return (data) => {
    if (!type.isValid(data, { noUndeclaredFields: true })) throw encodeError(type, data);
    let end = type.encode(data, scratch, wireHeaderBytes);
    if (end < 0) {
      // What is missing, below zero: the next event of this size has room at once.
      scratch = Buffer.alloc(scratch.length - end);
      end = type.encode(data, scratch, wireHeaderBytes);
    }
    scratch.writeUInt8(magicByte, 0);
    scratch.writeInt32BE(schemaId, 1);
    return Buffer.from(scratch.subarray(0, end));
  };
}

/** The schema id of a value in the wire format; undefined: it is not in it. */
export function schemaIdOf(value: Buffer): number | undefined {
  if (value.length < wireHeaderBytes || value.readUInt8(0) !== magicByte) return undefined;
  return value.readInt32BE(1);
}

export function avroTypeOf(avroSchema: schema.RecordType): Type {
  return avro.Type.forSchema(avroSchema);
}

const shownValueChars = 60;

function encodeError(type: Type, data: unknown): EncodeError {
  const faults: EncodeError[] = [];
  type.isValid(data, {
    noUndeclaredFields: true,
    errorHook(path, value, expected) {
      faults.push(faultOf(type.name ?? 'event', path, value, expected));
    },
  });
  return faults[0] ?? new EncodeError(type.name ?? 'event', '', 'does not match its schema');
}

function faultOf(eventName: string, path: string[], value: unknown, expected: Type): EncodeError {
  const isRecord = typeof value === 'object' && value !== null && expected.typeName === 'record';
  if (isRecord) {
    const declared = new Set((expected as avro.types.RecordType).fields.map(({ name }) => name));
    const unknown = Object.keys(value).find((name) => !declared.has(name));
    if (unknown !== undefined) return new EncodeError(eventName, [...path, unknown].join('.'), 'is not in the schema');
  }
  const shown = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value));
  const clipped = shown.length > shownValueChars ? `${shown.slice(0, shownValueChars)}…` : shown;
  return new EncodeError(eventName, path.join('.'), `${clipped} is not ${expectation(expected)}`);
}

function expectation(expected: Type): string {
  if (expected.typeName === 'long') return 'an integer up to 2^53';
  if (expected.typeName === 'int') return 'a 32-bit integer';
  if (expected.typeName === 'enum') return `one of ${(expected as avro.types.EnumType).symbols.join(', ')}`;
  return `a ${expected.name ?? expected.typeName}`;
}
