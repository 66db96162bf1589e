/** Tells a person what each part does just now, and since when. */
export interface Progress {
  /**
   * A part begins a step.
   * @param reminder what reminders call it, unless as the step
   * @param reason what the step waits for, asked for each reminder; undefined where that is not known
   */
  step(part: string, step: string, options?: { reminder?: string; reason?: () => string | undefined }): void;
  /** A part has nothing more to do. */
  done(part: string, outcome: string): void;
  /** No reminders from now on. */
  close(): void;
}

const reminderMs = 10_000;

/** Lines with the seconds since the beginning. A step that takes long is told again every 10 s. */
export function createProgress(write: (line: string) => void): Progress {
  const startedMs = performance.now();
  const open = new Map<string, { reminder: string; sinceMs: number; reason?: () => string | undefined }>();
  const seconds = (sinceMs: number) => (performance.now() - sinceMs) / 1000;
  const line = (part: string, text: string) =>
    write(`  ${seconds(startedMs).toFixed(1).padStart(6)} s  ${part.padEnd(10)} ${text}`);
  const timer = setInterval(() => {
    for (const [part, { reminder, sinceMs, reason }] of open) {
      if (seconds(sinceMs) * 1000 < reminderMs) continue;
      const why = reason?.();
      line(part, `${reminder}, for ${Math.round(seconds(sinceMs))} s now${why ? ` (${why})` : ''}`);
    }
  }, reminderMs);

  return {
    step: (part, step, { reminder = step, reason } = {}) => {
      open.set(part, { reminder, sinceMs: performance.now(), reason });
      line(part, step);
    },
    done: (part, outcome) => {
      open.delete(part);
      line(part, outcome);
    },
    close: () => clearInterval(timer),
  };
}
