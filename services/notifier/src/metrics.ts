import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { attemptKinds, type AttemptKind } from './sending/attempt-result.rules.ts';
import type { HostGate, Refusal } from './hosts/host-gate.ts';

export interface NotifierMetrics {
  attempted(result: AttemptKind): void;
  /** @param sinceCompletedMs from the end of the task until its receiver had accepted the outcome */
  accepted(sinceCompletedMs: number): void;
  /** @param lastResult of the last attempt; `expired`: it was put back for too long; `unusable-url`: there was none */
  givenUp(lastResult: AttemptKind | 'expired' | 'unusable-url'): void;
  /** A next attempt waits in the topic of a tier. */
  retryPut(tier: number): void;
  /** A webhook waits in a tier without an attempt. */
  parked(why: Refusal): void;
  repeatSkipped(): void;
}

/** The notifier's metrics. No label names a receiver: their number has no bound. */
export function createNotifierMetrics(registry: Registry, gate: HostGate): NotifierMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'notifier_attempts_total',
    help: 'Attempts to deliver a webhook, by result',
    labelNames: ['result'],
    registers,
  });
  const deliverySeconds = new Histogram({
    name: 'notifier_delivery_seconds',
    help: 'From the end of a task until its receiver accepted the outcome',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86_400],
    registers,
  });
  const givenUp = new Counter({
    name: 'notifier_given_up_total',
    help: 'Webhooks that were given up and went to the dead letters, by the result of the last attempt',
    labelNames: ['result'],
    registers,
  });
  const repeats = new Counter({
    name: 'notifier_repeats_skipped_total',
    help: 'Completions that were not sent because an earlier one of the same task was taken up',
    registers,
  });
  const requests = new Gauge({
    name: 'notifier_requests_in_flight',
    help: 'Requests to receivers that are under way',
    registers,
    collect() {
      requests.set(gate.running());
    },
  });
  const waiting = new Gauge({
    name: 'notifier_webhooks_waiting',
    help: 'Webhooks that wait for a free slot, of their host or at all',
    registers,
    collect() {
      waiting.set(gate.waiting());
    },
  });
  const retries = new Counter({
    name: 'notifier_retries_total',
    help: 'Next attempts that were put into the topic of a delay tier, by tier',
    labelNames: ['tier'],
    registers,
  });
  const parked = new Counter({
    name: 'notifier_parked_total',
    help: 'Webhooks that were put back without an attempt: busy (the host is at its limit) or broken (its breaker is open)',
    labelNames: ['why'],
    registers,
  });
  const retriesWaiting = new Gauge({
    name: 'notifier_retries_waiting',
    help: 'Records in the retry topics that are not done, of the partitions of this process',
    registers,
    async collect() {
      retriesWaiting.set(await retryLag(registry));
    },
  });
  const breakers = new Gauge({
    name: 'notifier_breakers_open',
    help: 'Hosts whose circuit breaker is open or half open',
    registers,
    collect() {
      breakers.set(gate.broken());
    },
  });
  for (const result of attemptKinds) attempts.inc({ result }, 0);

  return {
    attempted: (result) => attempts.inc({ result }),
    accepted: (sinceCompletedMs) => deliverySeconds.observe(Math.max(0, sinceCompletedMs) / 1000),
    givenUp: (result) => givenUp.inc({ result }),
    repeatSkipped: () => repeats.inc(),
    retryPut: (tier) => retries.inc({ tier }),
    parked: (why) => parked.inc({ why }),
  };
}

/** The consumer knows the lag of each partition. */
async function retryLag(registry: Registry): Promise<number> {
  const lag = await registry.getSingleMetric('kafka_consumer_lag_records')?.get();
  const ofRetries = (lag?.values ?? []).filter(({ labels }) =>
    String(labels['topic']).startsWith('notifications.retry.'),
  );
  return ofRetries.reduce((sum, { value }) => sum + value, 0);
}
