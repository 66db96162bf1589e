import { DeadLetterError } from '@nask/kafka';
import type { Logger } from '@nask/service';
import { derivedEventId, type NotificationAttempted, type NotificationState, type TaskCompleted } from '@nask/schemas';
import type { HostGate, Refusal } from '../hosts/host-gate.ts';
import type { RequestEnd } from '../hosts/host-health.rules.ts';
import type { AttemptId, DeliveryMemory } from '../memory/delivery-memory.ts';
import type { NotifierMetrics } from '../metrics.ts';
import { describeResult, type AttemptResult } from '../sending/attempt-result.rules.ts';
import type { HttpSender, SentWebhook } from '../sending/http-sender.ts';
import { traceHeader, UnusableUrlError, webhookId, webhookOf, type Webhook } from '../sending/webhook.rules.ts';
import type { WebhookSigner } from '../signing/webhook-signature.rules.ts';
import type { CompletionRecord, NotificationLog } from './notification-log.ts';
import { delayIn, nextStep, type WebhookRetryPolicy } from './retries.rules.ts';

/** An attempt at a task's webhook that is due. */
export interface DueAttempt {
  id: AttemptId;
  completion: CompletionRecord;
  /** When the round's first attempt was due, in milliseconds since 1970. */
  sinceMs: number;
  /** How often in a row it was put back. */
  parked: number;
}

export interface WebhookDelivery {
  /**
   * Makes an attempt that is due, and writes down what follows from it: that it was delivered, when it is tried again,
   * or that it is given up. Resolves once that is in Kafka: then the record that it came from is done.
   * @returns whether the task has a webhook
   * @throws the signal's reason: nothing is decided, and it is to be attempted again
   * @throws DeadLetterError when the payload or the result is not JSON
   */
  deliver(completed: TaskCompleted, due: DueAttempt, signal: AbortSignal): Promise<boolean>;
  /** Begins nothing more. Resolves once what runs has ended and is written down. */
  close(): Promise<void>;
}

interface Delivery extends DueAttempt {
  webhook: Webhook;
}

/** So often in a row a webhook waits in the shortest tier for a broken host; after that in the one above it. */
const maxShortWaits = 10;

export function createWebhookDelivery(options: {
  sender: HttpSender;
  signer: WebhookSigner;
  gate: HostGate;
  log: NotificationLog;
  memory: DeliveryMemory;
  retryPolicy: WebhookRetryPolicy;
  /** A round that has not ended so long after its beginning is given up, however often it was put back. */
  maxAgeMs: number;
  /** Name of this process. */
  notifier: string;
  metrics: NotifierMetrics;
  logger: Logger;
  /** The time, in milliseconds since 1970. */
  nowMs: () => number;
  /** From 0 to 1. */
  random: () => number;
}): WebhookDelivery {
  const { sender, signer, gate, log, memory, retryPolicy, metrics, logger, nowMs, random } = options;
  const underWay = new Set<Promise<void>>();

  /** Puts it back without an attempt. */
  async function park(delivery: Delivery, why: Refusal, signal: AbortSignal): Promise<void> {
    const { id, completion, sinceMs, parked } = delivery;
    const { tier, delayMs } = delayIn(retryPolicy, why === 'broken' && parked >= maxShortWaits ? 2 : 1, random());
    await log.retry(tier, completion, { ...id, dueMs: nowMs() + delayMs, sinceMs, parked: parked + 1 }, signal);
    metrics.parked(why);
  }

  async function send(delivery: Delivery, signal: AbortSignal): Promise<SentWebhook | Refusal> {
    const { id, target, body } = delivery.webhook;
    const turn = await gate.enter(target.host, signal);
    if (typeof turn === 'string') return turn;
    let end: RequestEnd = 'answered';
    try {
      const signed = signer.headers({ id, timestampMs: nowMs(), body });
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
    const endedMs = nowMs();
    const next = nextStep(retryPolicy, result, id.attempt, random());
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
    await writeAttempt({ id, taskId: webhook.taskId, webhookId: webhook.id }, state, signal, {
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
    const data = { event_id, result: 'expired', error, attempted_at: nowMs() };
    await writeAttempt({ id, taskId: webhook.taskId, webhookId: webhook.id }, 'FAILED', signal, data);
  }

  /** Gives up a webhook whose URL is unusable. */
  async function giveUpUnusable(
    completed: TaskCompleted,
    { id, completion }: DueAttempt,
    why: string,
    signal: AbortSignal,
  ): Promise<void> {
    const taskId = completed.task_id;
    metrics.givenUp('unusable-url');
    logger.warn({ taskId }, `webhook given up: ${why}`);
    await log.givenUp(completion, why, signal);
    const data = { result: 'unusable-url', error: why, attempted_at: nowMs() };
    const webhook = { id: { ...id, attempt: 0 }, taskId, webhookId: webhookId(completed) };
    await writeAttempt(webhook, 'FAILED', signal, data);
  }

  async function writeAttempt(
    { id, taskId, webhookId: webhook_id }: { id: AttemptId; taskId: number; webhookId: string },
    state: NotificationState,
    signal: AbortSignal,
    data: Partial<NotificationAttempted> & Pick<NotificationAttempted, 'result' | 'attempted_at'>,
  ): Promise<void> {
    // Known here before it is written: what was sent is not sent again by this process, whatever becomes of the event.
    memory.attempted(id, state);
    const event: NotificationAttempted = {
      event_id: derivedEventId('NotificationAttempted', taskId, id.round, id.attempt),
      task_id: taskId,
      webhook_id,
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
      ...data,
    };
    await log.attempted(event, signal);
  }

  async function attempt(delivery: Delivery, signal: AbortSignal): Promise<void> {
    if (nowMs() - delivery.sinceMs > options.maxAgeMs) return expire(delivery, signal);
    const startedMs = nowMs();
    const sent = await send(delivery, signal);
    if (typeof sent === 'string') return park(delivery, sent, signal);
    const concluded = conclude(delivery, sent, startedMs, signal);
    underWay.add(concluded);
    return concluded.finally(() => underWay.delete(concluded));
  }

  return {
    async deliver(completed, due, signal) {
      let webhook: Webhook | undefined;
      try {
        webhook = webhookOf(completed);
      } catch (error) {
        if (error instanceof SyntaxError) {
          throw new DeadLetterError(`The payload or the result is not JSON: ${error.message}`, { cause: error });
        }
        if (!(error instanceof UnusableUrlError)) throw error;
        await giveUpUnusable(completed, due, error.message, signal);
        return true;
      }
      if (webhook === undefined) return false;
      await attempt({ ...due, webhook }, signal);
      return true;
    },
    async close() {
      await gate.close();
      await Promise.allSettled(underWay);
    },
  };
}

function endOf({ kind }: AttemptResult): RequestEnd {
  return kind === 'timeout' || kind === 'unreachable' || kind === 'unavailable' ? 'failed' : 'answered';
}
