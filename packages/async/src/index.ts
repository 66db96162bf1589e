export { onAbort, orAborted } from './abort.ts';
export { systemClock, type Clock } from './clock.ts';
export { createLimitedWarning, type LimitedWarning } from './limited-warning.ts';
export { backoffMs, retry, type Backoff } from './retry.ts';
export { TimeoutError, within } from './within.ts';
