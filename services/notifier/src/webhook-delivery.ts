import type { Logger } from '@nask/service';
import type { HttpSender } from './adapters/http-sender.ts';
import { describeResult, type AttemptResult } from './domain/attempt-result.ts';
import type { HostSlots } from './domain/host-slots.ts';
import { nextStep, type RetryPolicy } from './domain/retry-policy.ts';
import type { WebhookSigner } from './domain/webhook-signature.ts';
import type { Webhook } from './domain/webhook.ts';
import type { NotifierMetrics } from './metrics.ts';
import { UndeliverableError } from './undeliverable-error.ts';

/** Time and chance, so that tests can have their own. */
export interface Chance {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** @throws the signal's reason when it is aborted meanwhile */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

/**
 * Makes attempts at a webhook until its receiver has it. Resolves then.
 * @throws UndeliverableError once it is given up
 * @throws the signal's reason: nothing is decided, and it is to be delivered again
 */
export type DeliverWebhook = (webhook: Webhook, signal: AbortSignal) => Promise<void>;

/** Delivers webhooks with retries in memory: they last as long as this process. */
export function createWebhookDelivery(options: {
  sender: HttpSender;
  signer: WebhookSigner;
  slots: HostSlots;
  retryPolicy: RetryPolicy;
  metrics: NotifierMetrics;
  logger: Logger;
  chance: Chance;
}): DeliverWebhook {
  const { sender, signer, slots, retryPolicy, metrics, logger, chance } = options;

  function attempt({ id, target, body }: Webhook, signal: AbortSignal): Promise<AttemptResult> {
    return slots.run(target.host, signal, () => {
      const headers = signer.headers({ id, timestampMs: chance.now(), body });
      return sender.send({ target, headers, body }, signal);
    });
  }

  function giveUp({ taskId, target }: Webhook, attempts: number, result: AttemptResult): UndeliverableError {
    metrics.givenUp(result.kind);
    const why = describeResult(result);
    logger.warn({ taskId, host: target.host, attempts, ...result }, `webhook given up: ${why}`);
    return new UndeliverableError(`The webhook was given up after ${attempts} attempt(s): ${why}`);
  }

  return async (webhook, signal) => {
    const { taskId, target } = webhook;
    for (let number = 1; ; number += 1) {
      const result = await attempt(webhook, signal);
      metrics.attempted(result.kind);
      const next = nextStep(retryPolicy, result, number, chance.random());
      logger.debug({ taskId, host: target.host, attempt: number, ...result, ...next }, 'webhook attempted');
      if (next.step === 'done') {
        metrics.accepted(chance.now() - webhook.completedAtMs);
        return;
      }
      if (next.step === 'give-up') throw giveUp(webhook, number, result);
      await chance.sleep(next.delayMs, signal);
    }
  };
}
