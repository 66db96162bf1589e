import { ProcessStartError, type ManagedProcess } from '@nask/dev-stack';

const firstDelayMs = 500;
const maxDelayMs = 5_000;
/** A process that ran this long was healthy: the delay after its next end is the shortest again. */
const healthyAfterMs = 10_000;

export interface Supervisor {
  /** Starts a process that is down at once, with the shortest delay from now on: call it when a dependency is ready. */
  retryNow(): void;
  /** No restart from now on. */
  stop(): void;
}

/** Callbacks of a supervisor. */
export interface SupervisorEvents {
  /** With why the process ended, or could not be started, and the delay before the next start. */
  onDown(reason: string, delayMs: number): void;
  onUp(): void;
}

/** Supervises all processes of a system: a service that is down starts at once when a server is ready again. */
export function superviseAll<T extends ManagedProcess>(
  system: { servers: readonly T[]; services: readonly T[] },
  eventsOf: (managed: T) => SupervisorEvents,
): Supervisor[] {
  const services = system.services.map((service) => supervise(service, eventsOf(service)));
  const servers = system.servers.map((server) => {
    const { onDown, onUp } = eventsOf(server);
    return supervise(server, {
      onDown,
      onUp() {
        onUp();
        for (const service of services) service.retryNow();
      },
    });
  });
  return [...servers, ...services];
}

/** Restarts a started process that ended by itself, after a delay that doubles from 0.5 s to 5 s while it keeps ending. */
export function supervise(managed: ManagedProcess, events: SupervisorEvents): Supervisor {
  let delayMs = firstDelayMs;
  let upSinceMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let isDown = false;
  let isStopped = false;

  function restartLater(reason: string): void {
    isDown = true;
    events.onDown(reason, delayMs);
    timer = setTimeout(() => void restart(), delayMs);
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  }

  async function restart(): Promise<void> {
    timer = undefined;
    try {
      await managed.start();
    } catch (error) {
      if (!isStopped) restartLater(reasonOf(error as Error));
      return;
    }
    isDown = false;
    upSinceMs = performance.now();
    if (!isStopped) events.onUp();
  }

  managed.onExit(({ code, signal, expected }) => {
    // During a restart, the failed start reports the same.
    if (expected || isDown || isStopped) return;
    if (performance.now() - upSinceMs > healthyAfterMs) delayMs = firstDelayMs;
    restartLater(`ended by itself (${signal ?? `exit code ${code}`})`);
  });
  // It ended after it was ready and before this listener was there.
  if (managed.pid() === undefined) restartLater('ended by itself');

  return {
    retryNow: () => {
      if (!isDown || isStopped) return;
      delayMs = firstDelayMs;
      // Without a timer a start is under way, and if that fails the next one follows soon.
      if (timer === undefined) return;
      clearTimeout(timer);
      void restart();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** In one line: the end of the log is in the message of a ProcessStartError, after its reason. */
function reasonOf(error: Error): string {
  return error instanceof ProcessStartError ? error.reason : (error.message.split('\n')[0] ?? '');
}
