import { summariseError } from '../logging/errors.ts';

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
class StopError extends Error {
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

/** A part of a service that is started and stopped: a server, a consumer, a connection. */
export interface Component {
  /** For people: 'ops server', 'task consumer'. */
  readonly name: string;
  /**
   * Resolves when the component works. One that rejects leaves nothing behind: it is not stopped.
   * The signal aborts when the service is stopped meanwhile: start then gives up soon, by rejecting or resolving.
   */
  start?(options: { signal: AbortSignal }): Promise<void>;
  /**
   * Finishes or hands back what is running, within graceMs: what is left of the whole service's grace period.
   * It may be called while start is pending, and must then make it give up if the signal does not.
   */
  stop?(options: { graceMs: number }): Promise<void>;
  /** Where a server listens once it has started, as a URL: logged, for a port may be any free one. */
  address?(): string;
}

interface LifecycleLogger {
  info(bindings: object, message: string): void;
  debug(bindings: object, message: string): void;
  error(bindings: object, message: string): void;
}

export interface Lifecycle {
  /**
   * Starts the components one after the other. Repeated calls share one start.
   * @throws StartError when a component fails (what had started is stopped by then), StartInterruptedError when
   * stop is called before the end.
   */
  start(): Promise<void>;
  /**
   * Stops in reverse order what has started or is starting. Repeated calls share one stop.
   * @throws StopError naming the components that failed or took longer than the grace period; all are tried.
   */
  stop(reason: string): Promise<void>;
}

/** Starts components in the order given and stops them in reverse, all within one grace period. */
export function createLifecycle(options: {
  components: readonly Component[];
  logger: LifecycleLogger;
  graceMs: number;
}): Lifecycle {
  const { components, logger, graceMs } = options;
  const interruption = new AbortController();
  /** In the order of their start; the last may still be starting. */
  const toStop: { component: Component; start: Promise<void> }[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  async function startAll(): Promise<void> {
    for (const component of components) {
      if (interruption.signal.aborted) throw new StartInterruptedError();
      logger.debug({ component: component.name }, 'component starting');
      const start = callStart(component, interruption.signal);
      toStop.push({ component, start });
      try {
        await start;
      } catch (error) {
        if (interruption.signal.aborted) throw new StartInterruptedError();
        toStop.pop();
        throw new StartError(component.name, error);
      }
      logger.debug({ component: component.name }, 'component started');
      if (component.address) logger.info({ component: component.name, url: component.address() }, 'listening');
    }
    if (interruption.signal.aborted) throw new StartInterruptedError();
  }

  async function stopAll(reason: string): Promise<void> {
    interruption.abort();
    const deadline = deadlineIn(graceMs);
    const overdue: string[] = [];
    const failed: string[] = [];
    logger.info({ reason, graceMs }, 'stopping');
    for (const { component, start } of toStop.toReversed()) {
      const { name } = component;
      try {
        const done = Promise.all([callStop(component, deadline.remainingMs()), start.catch(() => {})]);
        if ((await settledWithin(done, deadline.remainingMs())) === 'overdue') {
          overdue.push(name);
          logger.error({ component: name, graceMs }, 'component not stopped within the grace period');
        } else {
          logger.debug({ component: name }, 'component stopped');
        }
      } catch (err) {
        failed.push(name);
        logger.error({ component: name, err }, 'component failed to stop');
      }
    }
    if (overdue.length > 0 || failed.length > 0) throw new StopError({ overdue, failed });
    logger.info({ reason }, 'stopped');
  }

  const stop = (reason: string): Promise<void> => (stopping ??= stopAll(reason));

  async function startOrStop(): Promise<void> {
    try {
      await startAll();
    } catch (error) {
      // What did not stop is in the log already: the caller hears why the start failed.
      await stop('failed start').catch(() => {});
      throw error;
    }
  }

  return { start: () => (starting ??= startOrStop()), stop };
}

// Both turn an exception of the call itself into a rejection.
async function callStart(component: Component, signal: AbortSignal): Promise<void> {
  await component.start?.({ signal });
}

async function callStop(component: Component, graceMs: number): Promise<void> {
  await component.stop?.({ graceMs });
}

/** A point in time by which several steps must be done together. */
interface Deadline {
  /** What is left, never below 0. */
  remainingMs(): number;
}

/** A deadline in a number of milliseconds from now, by a monotonic clock. */
export function deadlineIn(durationMs: number, now: () => number = () => performance.now()): Deadline {
  const endMs = now() + durationMs;
  return { remainingMs: () => Math.max(0, endMs - now()) };
}

/**
 * Waits for a promise until the time is up.
 * @returns 'overdue' when it is not settled by then; a rejection in time is passed on, a later one is ignored.
 */
export async function settledWithin(promise: Promise<unknown>, timeoutMs: number): Promise<'settled' | 'overdue'> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'overdue'>((resolve) => {
    timer = setTimeout(() => resolve('overdue'), timeoutMs);
  });
  try {
    return await Promise.race([promise.then(() => 'settled' as const), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
