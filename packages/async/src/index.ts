export { onAbort, orAborted } from './abort.ts';
export { backoffMs, createLimitedWarning, retry, type Backoff } from './retry.ts';
export { systemClock, TimeoutError, within, type Clock } from './time.ts';
