import './require-node.ts';

export { openService, type Service } from './open-service.ts';

export type { Component } from './lifecycle/lifecycle.ts';

export { hideUrlCredentials } from './logging/hide-secrets.rules.ts';
export { createLogger, productVersion, type Logger } from './logging/logger.ts';

export { check, checksOf, createHealth, type HealthCheck } from './ops/health.ts';
export { createHttpServer, type HttpServer } from './ops/http-server.ts';
export { createMetrics, opsRequestListener } from './ops/ops-server.ts';

export {
  consumerSettings,
  opsPort,
  opsSettings,
  processSettings,
  retentionSettings,
  taskTypeRule,
  taskTypeSettings,
} from './settings/common-settings.ts';
export { setting } from './settings/kinds.ts';
export {
  loadSettings,
  loadSettingsOrExit,
  settingsExitCode,
  SettingsError,
  settingsMarkdown,
  type Environment,
  type Settings,
  type SettingsRule,
  type SettingsTable,
} from './settings/load-settings.ts';
export {
  kafkaAccess,
  kafkaRules,
  kafkaSettings,
  mongoCredentials,
  mongoRules,
  mongoSettings,
  registryAccess,
  registryRules,
  registrySettings,
  type MongoCredentials,
} from './settings/server-settings.ts';

export type { Tracing } from './tracing/span.ts';
export { tracingSettings } from './tracing/tracing.ts';
