import type { Registry } from 'prom-client';
import type { Component } from './lifecycle/lifecycle.ts';
import { runService } from './lifecycle/run-service.ts';
import { createLogger, type Logger } from './logging/logger.ts';
import type { Health } from './ops/health.ts';
import { createMetrics, createOpsServer } from './ops/ops-server.ts';
import type { opsSettings } from './settings/common-settings.ts';
import {
  effectiveSettings,
  loadSettingsOrExit,
  type Settings,
  type SettingsRule,
  type SettingsTable,
} from './settings/load-settings.ts';
import type { Tracing } from './tracing/span.ts';
import { createTracing, noTracing, type tracingSettings } from './tracing/tracing.ts';

/** What every service has before its own parts: the first lines of each `main.ts`. */
export interface Service<T extends SettingsTable> {
  readonly name: string;
  readonly settings: Settings<T>;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Off in a service whose settings have none for it. */
  readonly tracing: Tracing;
  /**
   * Logs the settings in force, starts the ops server and then the components, and runs for as long as the process lives
   * (`runService`).
   * @param options.logged more fields of the log line of the settings
   */
  run(options: { health: Health; components: readonly Component[]; logged?: object }): Promise<void>;
}

/**
 * Loads the settings of a service, and opens its log, its metrics and its tracing. With wrong settings the process ends
 * here, with all their faults on standard error.
 */
export async function openService<T extends SettingsTable & typeof opsSettings>({
  name,
  table,
  rules,
}: {
  name: string;
  table: T;
  rules?: readonly SettingsRule<T>[];
}): Promise<Service<T>> {
  const settings = loadSettingsOrExit({ service: name, table, rules });
  const common = settings as Settings<typeof opsSettings> & Partial<Settings<typeof tracingSettings>>;
  const logger = createLogger({ service: name, level: common.LOG_LEVEL, format: common.LOG_FORMAT });
  const metrics = createMetrics(name);
  const tracing = isTraced(common) ? await createTracing(name, common) : noTracing;
  return {
    name,
    settings,
    logger,
    metrics,
    tracing,
    run({ health, components, logged }) {
      logger.info({ settings: effectiveSettings(table, settings), ...logged }, 'settings');
      return runService({
        name,
        logger,
        health,
        graceMs: common.SHUTDOWN_GRACE_MS,
        components: [
          createOpsServer({ host: common.OPS_HOST, port: common.OPS_PORT, health, metrics }),
          ...(tracing.isOn ? [tracing.component] : []),
          ...components,
        ],
      });
    },
  };
}

function isTraced(settings: Partial<Settings<typeof tracingSettings>>): settings is Settings<typeof tracingSettings> {
  return settings.TRACING_EXPORTER !== undefined;
}
