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
