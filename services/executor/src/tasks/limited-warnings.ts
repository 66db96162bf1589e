import type { Logger } from '@nask/kafka';
import { createRateLimit } from './rate-limit.ts';

/** Token bucket of one task type: its size, in lines, and its rate. */
const burst = 10;
const perSecond = 1;
/** How many types that this executor does not know have a limit of their own. Anybody can make up more. */
const maxUnknownTypes = 20;

/** Writes a warning about a task of a type. */
export type WarnOfType = (type: string, fields: object, message: string) => void;

/**
 * Warnings with a rate limit for each task type, because a type that fails may fail thousands of times a second. A line
 * has the number of lines left out before it (`suppressed`). Unknown types beyond the first 20 share a limit.
 * @param types names of the known task types
 */
export function createLimitedWarnings(
  logger: Logger,
  types: { has(type: string): boolean },
  nowMs?: () => number,
): WarnOfType {
  const limits = new Map<string, { allows: () => boolean; suppressed: number }>();
  let unknownTypes = 0;

  function limitOf(type: string) {
    const isKnown = types.has(type);
    const hasOwn = isKnown || limits.has(type) || unknownTypes < maxUnknownTypes;
    // No type has an empty name.
    const key = hasOwn ? type : '';
    let limit = limits.get(key);
    if (limit === undefined) {
      limit = {
        allows: createRateLimit(perSecond, { burst, ...(nowMs === undefined ? {} : { nowMs }) }),
        suppressed: 0,
      };
      limits.set(key, limit);
      if (!isKnown && hasOwn) unknownTypes += 1;
    }
    return limit;
  }

  return (type, fields, message) => {
    const limit = limitOf(type);
    if (!limit.allows()) {
      limit.suppressed += 1;
      return;
    }
    logger.warn(limit.suppressed === 0 ? fields : { ...fields, suppressed: limit.suppressed }, message);
    limit.suppressed = 0;
  };
}
