import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of Prometheus metrics with those of the Node process; every metric has the label `service`. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  // The period of its timer, which the lag's percentiles include. Its default of 10 costs half a per cent of a core.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return registry;
}
