import type { Component } from './component.ts';
import { deadlineIn, settledWithin } from './deadline.ts';
import { StartError, StartInterruptedError, StopError } from './lifecycle-errors.ts';

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
