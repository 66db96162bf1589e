/** Tells a person what each part does just now, and since when. */
export interface Progress {
  /**
   * A part begins a step.
   * @param reason what the step waits for, asked for each reminder; undefined where that is not known
   */
  step(part: string, step: string, reason?: () => string | undefined): void;
  /** A part has nothing more to do. */
  done(part: string, outcome: string): void;
  /** No reminders from now on. */
  close(): void;
}

const reminderMs = 10_000;

/** Lines with the seconds since the beginning. A step that takes long is told again every 10 s. */
export function createProgress(write: (line: string) => void): Progress {
  const startedMs = performance.now();
  const open = new Map<string, { step: string; sinceMs: number; reason?: () => string | undefined }>();
  const seconds = (sinceMs: number) => (performance.now() - sinceMs) / 1000;
  const line = (part: string, text: string) =>
    write(`  ${seconds(startedMs).toFixed(1).padStart(6)} s  ${part.padEnd(10)} ${text}`);
  const reminder = setInterval(() => {
    for (const [part, { step, sinceMs, reason }] of open) {
      if (seconds(sinceMs) * 1000 < reminderMs) continue;
      const why = reason?.();
      line(part, `${step}, for ${Math.round(seconds(sinceMs))} s now${why ? ` (${why})` : ''}`);
    }
  }, reminderMs);

  return {
    step: (part, step, reason) => {
      open.set(part, { step, sinceMs: performance.now(), reason });
      line(part, step);
    },
    done: (part, outcome) => {
      open.delete(part);
      line(part, outcome);
    },
    close: () => clearInterval(reminder),
  };
}
