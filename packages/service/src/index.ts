import './require-node.ts';

export { effectiveSettings, loadSettings } from './settings/load-settings.ts';
export type { Environment, Settings, SettingsRule, SettingsTable } from './settings/load-settings.ts';
export { loadSettingsOrExit, settingsExitCode } from './settings/load-settings-or-exit.ts';
export {
  consumerSettings,
  taskTypeRule,
  taskTypeSettings,
  opsPort,
  opsSettings,
  processSettings,
  retentionSettings,
} from './settings/common-settings.ts';
export { kafkaAccess, kafkaRules, kafkaSettings } from './settings/kafka-settings.ts';
export { setting } from './settings/kinds.ts';
export { mongoCredentials, mongoRules, mongoSettings, type MongoCredentials } from './settings/mongo-settings.ts';
export { registryAccess, registryRules, registrySettings } from './settings/registry-settings.ts';
export type { Setting } from './settings/setting.ts';
export { SettingsError } from './settings/settings-error.ts';
export { settingsMarkdown } from './settings/settings-markdown.ts';

export { openService, type Service } from './open-service.ts';
export { productVersion } from './version.ts';

export { createLogger } from './logging/logger.ts';
export type { LogFormat, Logger } from './logging/logger.ts';
export { hideUrlCredentials } from './logging/hide-url-credentials.ts';

export type { Component } from './lifecycle/component.ts';
export { createLifecycle } from './lifecycle/lifecycle.ts';
export type { Lifecycle } from './lifecycle/lifecycle.ts';
export { StartError, StartInterruptedError, StopError } from './lifecycle/lifecycle-errors.ts';
export { runService } from './lifecycle/run-service.ts';

export { check, checksOf, createHealth } from './ops/health.ts';
export type { Health, HealthCheck, HealthReport } from './ops/health.ts';
export { createHttpServer } from './ops/http-server.ts';
export type { HttpServer, HttpServerOptions } from './ops/http-server.ts';
export { ListenError, RequestsCutOffError } from './ops/http-server-errors.ts';
export { createMetrics } from './ops/metrics.ts';
export { opsPaths, opsRequestListener } from './ops/ops-request-listener.ts';
export { createOpsServer } from './ops/ops-server.ts';

export type { Tracing } from './tracing/span.ts';
export { createTracing } from './tracing/tracing.ts';
export { tracedHandler } from './tracing/traced-handler.ts';
export { tracingSettings } from './tracing/tracing-settings.ts';
