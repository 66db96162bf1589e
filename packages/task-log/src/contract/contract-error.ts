/** Why the contract was not applied. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
  readonly code: 'REFUSED' | 'UNREACHABLE';
  /** One line each. */
  readonly reasons: readonly string[];

  constructor(code: ContractError['code'], reasons: readonly string[], options?: ErrorOptions) {
    super(reasons.join('; '), options);
    this.code = code;
    this.reasons = reasons;
  }
}

/** Kafka's refusals as a ContractError; what is none of them stays as it is. */
export function contractErrorOf(error: unknown): unknown {
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return error;
  const { errors = [] } = error as { errors?: { message: string; topic?: string }[] };
  const reasons = errors.map(({ topic, message }) => (topic === undefined ? message : `${topic}: ${message}`));
  return new ContractError('REFUSED', reasons.length > 0 ? reasons : [error.message], { cause: error });
}
