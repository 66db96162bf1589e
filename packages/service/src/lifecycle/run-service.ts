import { constants } from 'node:os';
import type { Logger } from '../logging/logger.ts';
import type { Health } from '../ops/health.ts';
import { createLifecycle, StartError, StartInterruptedError, type Component, type Lifecycle } from './lifecycle.ts';
import { errorCode, isOperational, summariseError } from '../logging/errors.ts';

const drainSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs a service for as long as the process lives. Resolves when all components have started.
 *
 * SIGTERM, SIGINT or SIGHUP, also during the start: components are stopped in reverse order within the grace period, exit 0;
 * exit 1 when one of them failed or was not done in time. A second signal: exit at once with 128 + its number;
 * a second SIGHUP is ignored.
 * A component that does not start: what had started is stopped, one log line, exit 1.
 * An error that nobody caught: it is logged and the process exits with 1, since its state is unknown.
 *
 * Put the ops server first: it then starts first and stops last. With `health`, the service is ready only between the
 * end of its start and the beginning of its stop.
 */
export async function runService(options: {
  name: string;
  logger: Logger;
  components: readonly Component[];
  graceMs: number;
  health?: Health;
}): Promise<void> {
  const { name, logger, components, graceMs, health } = options;
  const lifecycle = createLifecycle({ components, logger, graceMs });
  exitOnUncaughtErrors(logger);
  stopOnSignals(lifecycle, { logger, health });

  health?.setPhase('starting');
  logger.info({ components: components.map((component) => component.name), pid: process.pid }, `${name} starting`);
  try {
    await lifecycle.start();
  } catch (error) {
    // The signal's own stop ends the process.
    if (error instanceof StartInterruptedError) return new Promise(() => {});
    logStartFailure(logger, name, error);
    process.exit(1);
  }
  health?.setPhase('started');
  logger.info(`${name} started`);
}

function stopOnSignals(lifecycle: Lifecycle, { logger, health }: { logger: Logger; health?: Health }): void {
  let isStopping = false;
  async function onSignal(signal: NodeJS.Signals): Promise<void> {
    if (isStopping) {
      // A closed terminal sends several: its own, and those of the processes above this one.
      if (signal === 'SIGHUP') return;
      logger.warn({ signal }, 'second signal: exiting at once');
      process.exit(128 + constants.signals[signal]);
    }
    isStopping = true;
    health?.setPhase('stopping');
    try {
      await lifecycle.stop(signal);
    } catch (error) {
      logger.error(`stop incomplete: ${summariseError(error)}`);
      process.exit(1);
    }
    process.exit(0);
  }
  for (const signal of drainSignals) process.on(signal, () => void onSignal(signal));
}

function exitOnUncaughtErrors(logger: Logger): void {
  // Node hands rejections that nobody handles to this event too, with their origin.
  process.on('uncaughtException', (err, origin) => {
    logger.fatal({ err, origin }, 'unexpected error: exiting');
    process.exit(1);
  });
}

function logStartFailure(logger: Logger, name: string, error: unknown): void {
  const cause = error instanceof StartError ? error.cause : error;
  const component = error instanceof StartError ? error.component : undefined;
  const details = isOperational(cause) ? { code: errorCode(cause) } : { err: cause };
  logger.fatal(
    { component, ...details },
    `${name} cannot start: ${component ? `${component}: ` : ''}${summariseError(cause)}`,
  );
}
