/** Settings that a service cannot start with. Has every fault found, each naming its variable. */
export class SettingsError extends Error {
  readonly code = 'INVALID_SETTINGS';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`invalid settings:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'SettingsError';
    this.faults = faults;
  }
}
