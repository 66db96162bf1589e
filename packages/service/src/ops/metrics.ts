import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of Prometheus metrics with those of the Node process; every metric has the label `service`. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}
