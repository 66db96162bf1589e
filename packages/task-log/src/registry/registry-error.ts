export type RegistryErrorCode =
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
