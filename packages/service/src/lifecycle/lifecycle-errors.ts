import { summariseError } from './summarise-error.ts';

/** A component did not start. The cause is its own error. */
export class StartError extends Error {
  readonly code = 'START_FAILED';
  readonly component: string;

  constructor(component: string, cause: unknown) {
    super(`${component}: ${summariseError(cause)}`, { cause });
    this.name = 'StartError';
    this.component = component;
  }
}

/** The service was stopped before all components had started. */
export class StartInterruptedError extends Error {
  readonly code = 'START_INTERRUPTED';

  constructor() {
    super('stopped before all components had started');
    this.name = 'StartInterruptedError';
  }
}

/** Some components did not stop as they should; the others have. */
export class StopError extends Error {
  readonly code = 'STOP_INCOMPLETE';
  /** Names of the components that were still stopping when the grace period was over. */
  readonly overdue: readonly string[];
  /** Names of the components whose stop failed. */
  readonly failed: readonly string[];

  constructor({ overdue, failed }: { overdue: readonly string[]; failed: readonly string[] }) {
    const faults = [
      ...(overdue.length > 0 ? [`not done within the grace period: ${overdue.join(', ')}`] : []),
      ...(failed.length > 0 ? [`failed to stop: ${failed.join(', ')}`] : []),
    ];
    super(faults.join('; '));
    this.name = 'StopError';
    this.overdue = overdue;
    this.failed = failed;
  }
}
