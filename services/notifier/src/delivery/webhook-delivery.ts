import type { Logger } from '@nask/service';
import { derivedEventId, type NotificationAttempted, type NotificationState } from '@nask/schemas';
import type { HttpSender, SentWebhook } from '../sending/http-sender.ts';
import type { NotificationLog } from './notification-log.ts';
import { describeResult, type AttemptResult } from '../sending/attempt-result.rules.ts';
import type { CompletionRecord, Delivery } from './delivery.ts';
import type { AttemptId, DeliveryId, DeliveryMemory } from '../memory/delivery-memory.ts';
import type { HostGate, Refusal } from '../hosts/host-gate.ts';
import type { RequestEnd } from '../hosts/host-health.rules.ts';
import { delayIn, nextStep, type RetryPolicy } from './retries.rules.ts';
import { traceHeader } from '../sending/trace-header.ts';
import type { WebhookSigner } from '../signing/webhook-signature.rules.ts';
import type { NotifierMetrics } from '../metrics.ts';

/** Time and chance, so that tests can have their own. */
export interface Chance {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
}

/** A webhook without an address that it could be sent to. */
export interface Unsendable {
  id: DeliveryId;
  taskId: number;
  webhookId: string;
  completion: CompletionRecord;
}

export interface WebhookDelivery {
  /**
   * Makes an attempt that is due, and writes down what follows from it: that it was delivered, when it is tried again,
   * or that it is given up. Resolves once that is in Kafka: then the record that it came from is done.
   * @throws the signal's reason: nothing is decided, and it is to be attempted again
   */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<void>;
  /** Gives up a webhook that can be sent nowhere. @throws the signal's reason */
  refuse(unsendable: Unsendable, why: string, signal: AbortSignal): Promise<void>;
  /** Begins nothing more. Resolves once what runs has ended and is written down. */
  close(): Promise<void>;
}

export interface WebhookDeliveryOptions {
  sender: HttpSender;
  signer: WebhookSigner;
  gate: HostGate;
  log: NotificationLog;
  memory: DeliveryMemory;
  retryPolicy: RetryPolicy;
  /** A round that has not ended so long after its beginning is given up, however often it was put back. */
  maxAgeMs: number;
  /** Name of this process. */
  notifier: string;
  metrics: NotifierMetrics;
  logger: Logger;
  chance: Chance;
}

/** So often in a row a webhook waits in the shortest tier for a broken host; after that in the one above it. */
const maxShortWaits = 10;

export function createWebhookDelivery(options: WebhookDeliveryOptions): WebhookDelivery {
  const { sender, signer, gate, log, memory, retryPolicy, metrics, logger, chance } = options;
  const underWay = new Set<Promise<void>>();

  /** Puts it back without an attempt. */
  async function park(delivery: Delivery, why: Refusal, signal: AbortSignal): Promise<void> {
    const { id, completion, sinceMs, parked } = delivery;
    const { tier, delayMs } = delayIn(
      retryPolicy,
      why === 'broken' && parked >= maxShortWaits ? 2 : 1,
      chance.random(),
    );
    await log.retry(tier, completion, { ...id, dueMs: chance.now() + delayMs, sinceMs, parked: parked + 1 }, signal);
    metrics.parked(why);
  }

  async function attempt(delivery: Delivery, signal: AbortSignal): Promise<SentWebhook | Refusal> {
    const { id, target, body } = delivery.webhook;
    const turn = await gate.enter(target.host, signal);
    if (typeof turn === 'string') return turn;
    let end: RequestEnd = 'answered';
    try {
      const signed = signer.headers({ id, timestampMs: chance.now(), body });
      const headers = { ...signed, ...traceHeader(delivery.completion.headers) };
      const sent = await sender.send({ target, headers, body }, signal);
      end = endOf(sent.result);
      return sent;
    } finally {
      turn.leave(end);
    }
  }

  /** The attempt has been made: what follows is written down, also when the signal fires meanwhile, if it can be. */
  async function conclude(
    delivery: Delivery,
    sent: SentWebhook,
    startedMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { id, webhook, completion, sinceMs } = delivery;
    const { result, answerStart } = sent;
    const endedMs = chance.now();
    const next = nextStep(retryPolicy, result, id.attempt, chance.random());
    const nextAtMs = next.step === 'retry' ? endedMs + next.delayMs : null;
    logger.debug({ taskId: webhook.taskId, host: webhook.target.host, ...id, ...result, ...next }, 'webhook attempted');
    metrics.attempted(result.kind);
    // The retry first: an event that says there is one must be true.
    if (next.step === 'retry') {
      const details = { ...id, attempt: id.attempt + 1, dueMs: nextAtMs!, sinceMs, parked: 0 };
      await log.retry(next.tier, completion, details, signal);
      metrics.retryPut(next.tier);
    }
    const why = describeResult(result);
    if (next.step === 'give-up') await giveUp(delivery, result.kind, why, signal);
    const state = next.step === 'done' ? 'DELIVERED' : next.step === 'retry' ? 'RETRYING' : 'FAILED';
    await note({ id, taskId: webhook.taskId, webhookId: webhook.id }, state, signal, {
      result: result.kind,
      status_code: 'status' in result ? result.status : null,
      error: result.kind === 'accepted' ? null : why,
      answer_start: answerStart ?? null,
      attempted_at: startedMs,
      duration_ms: Math.max(0, endedMs - startedMs),
      next_attempt_at: nextAtMs,
    });
    if (next.step === 'done') metrics.accepted(endedMs - webhook.completedAtMs);
  }

  async function giveUp(
    { id, webhook, completion }: Delivery,
    result: AttemptResult['kind'] | 'expired',
    why: string,
    signal: AbortSignal,
  ): Promise<void> {
    metrics.givenUp(result);
    const { taskId, target } = webhook;
    logger.warn({ taskId, host: target.host, attempts: id.attempt, result }, `webhook given up: ${why}`);
    await log.givenUp(completion, `The webhook was given up after ${id.attempt} attempt(s): ${why}`, signal);
  }

  async function expire(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { webhook } = delivery;
    const id = { ...delivery.id, attempt: delivery.id.attempt - 1 };
    const error = 'its receiver was busy or away for too long';
    await giveUp({ ...delivery, id }, 'expired', error, signal);
    const event_id = derivedEventId('NotificationAttempted', webhook.taskId, id.round, 'expired');
    const facts = { event_id, result: 'expired', error, attempted_at: chance.now() };
    await note({ id, taskId: webhook.taskId, webhookId: webhook.id }, 'FAILED', signal, facts);
  }

  async function refuse(unsendable: Unsendable, why: string, signal: AbortSignal): Promise<void> {
    const { taskId, webhookId, completion } = unsendable;
    metrics.givenUp('unusable-url');
    logger.warn({ taskId }, `webhook given up: ${why}`);
    await log.givenUp(completion, why, signal);
    const facts = { result: 'unusable-url', error: why, attempted_at: chance.now() };
    await note({ id: { ...unsendable.id, attempt: 0 }, taskId, webhookId }, 'FAILED', signal, facts);
  }

  async function note(
    { id, taskId, webhookId }: { id: AttemptId; taskId: number; webhookId: string },
    state: NotificationState,
    signal: AbortSignal,
    facts: Partial<NotificationAttempted> & Pick<NotificationAttempted, 'result' | 'attempted_at'>,
  ): Promise<void> {
    // Known here before it is written: what was sent is not sent again by this process, whatever becomes of the event.
    memory.attempted(id, state);
    const event: NotificationAttempted = {
      event_id: derivedEventId('NotificationAttempted', taskId, id.round, id.attempt),
      task_id: taskId,
      webhook_id: webhookId,
      completion_offset: id.completionOffset,
      round: id.round,
      attempt: id.attempt,
      state,
      status_code: null,
      duration_ms: 0,
      error: null,
      answer_start: null,
      next_attempt_at: null,
      notifier: options.notifier,
      ...facts,
    };
    await log.attempted(event, signal);
  }

  async function deliver(delivery: Delivery, signal: AbortSignal): Promise<void> {
    if (chance.now() - delivery.sinceMs > options.maxAgeMs) return expire(delivery, signal);
    const startedMs = chance.now();
    const sent = await attempt(delivery, signal);
    if (typeof sent === 'string') return park(delivery, sent, signal);
    const concluded = conclude(delivery, sent, startedMs, signal);
    underWay.add(concluded);
    return concluded.finally(() => underWay.delete(concluded));
  }

  return {
    deliver,
    refuse,
    async close() {
      await gate.close();
      await Promise.allSettled(underWay);
    },
  };
}

function endOf({ kind }: AttemptResult): RequestEnd {
  return kind === 'timeout' || kind === 'unreachable' || kind === 'unavailable' ? 'failed' : 'answered';
}
