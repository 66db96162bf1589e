/** @param kind a failure of another kind than the last one is logged at once */
export type LimitedWarning = (fields: object, kind?: string) => void;

/**
 * Warnings about failures that are tried again, at most one an interval: when a server is away, all that need it fail at
 * once, again and again. A line has the number of lines left out before it (`suppressed`).
 * @param options.intervalMs default 1 s
 * @param options.nowMs a clock that does not jump
 */
export function createLimitedWarning(
  logger: { warn(fields: object, message: string): void },
  message: string,
  { intervalMs = 1_000, nowMs = () => performance.now() }: { intervalMs?: number; nowMs?: () => number } = {},
): LimitedWarning {
  let last = { atMs: Number.NEGATIVE_INFINITY, kind: '' };
  let suppressed = 0;
  return (fields, kind = '') => {
    const atMs = nowMs();
    if (kind === last.kind && atMs - last.atMs < intervalMs) {
      suppressed += 1;
      return;
    }
    logger.warn({ ...fields, suppressed }, message);
    last = { atMs, kind };
    suppressed = 0;
  };
}
