import type { ManagedProcess } from './stack/managed-process.ts';

const firstDelayMs = 500;
const maxDelayMs = 30_000;
/** A process that ran this long was healthy: its next end is answered with the shortest delay again. */
const healthyAfterMs = 60_000;

export interface Supervisor {
  /** No restart from now on. */
  stop(): void;
}

/**
 * Starts a process again that ended by itself, after a delay that doubles from 0.5 s to 30 s while it keeps ending.
 * @param events.onDown told why it ended, or could not be started, and when it is tried again
 */
export function supervise(
  managed: ManagedProcess,
  events: { onDown: (reason: string, delayMs: number) => void; onUp: () => void },
): Supervisor {
  let delayMs = firstDelayMs;
  let upSinceMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let isRestarting = false;
  let isStopped = false;

  function restartLater(reason: string): void {
    isRestarting = true;
    events.onDown(reason, delayMs);
    timer = setTimeout(() => void restart(), delayMs);
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  }

  async function restart(): Promise<void> {
    try {
      await managed.start();
    } catch (error) {
      if (!isStopped) restartLater((error as Error).message.split('\n')[0] ?? '');
      return;
    }
    isRestarting = false;
    upSinceMs = performance.now();
    if (!isStopped) events.onUp();
  }

  managed.onExit(({ code, signal, expected }) => {
    // While it is being restarted, the failed start says the same.
    if (expected || isRestarting || isStopped) return;
    if (performance.now() - upSinceMs > healthyAfterMs) delayMs = firstDelayMs;
    restartLater(`ended by itself (${signal ?? `exit code ${code}`})`);
  });

  return {
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
