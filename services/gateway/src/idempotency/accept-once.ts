import { IdempotencyKeyInUseError, IdempotencyKeyReusedError, OutcomeUnknownError } from '../errors.ts';
import type { TaskIdentity } from '../task-ids/task-id-source.ts';

/** What is remembered of a key. */
export interface KeyRecord extends TaskIdentity {
  key: string;
  /** Of the request that came with it first. */
  fingerprint: string;
  /** Whether Kafka acknowledged the task. */
  accepted: boolean;
  /** Until then, in milliseconds since 1970, a request is at work on it; 0 when none is. */
  heldUntilMs: number;
  /** From then on it is forgotten. */
  expiresAtMs: number;
}

/** Where keys are remembered: by all gateways, over restarts. Each method in bounded time. */
export interface IdempotencyKeys {
  find(key: string): Promise<KeyRecord | undefined>;
  /** Adds a key. @returns false when it is there already */
  add(record: KeyRecord): Promise<boolean>;
  /** Changes how long a key is held. @returns false when it is not as the record says any more */
  hold(record: KeyRecord, untilMs: number): Promise<boolean>;
  /** Marks a key as accepted, whoever holds it. */
  accept(record: KeyRecord): Promise<void>;
  /** Forgets a key, unless it is not as the record says any more. */
  remove(record: KeyRecord): Promise<void>;
}

/** How long a key is remembered. */
export const keyLifetimeMs = 86_400_000;

export interface AcceptOncePorts {
  keys: IdempotencyKeys;
  /** A new identity, which is this request's. */
  identify(): Promise<TaskIdentity>;
  /** Writes the task to the log; to write it again with the same identity does no harm. */
  publish(identity: TaskIdentity): Promise<void>;
  nowMs(): number;
  /** How long a request may be at work at most: after that another may take its key over. */
  holdMs: number;
  /** Told when a key could not be marked, which only costs the next request with it some time. */
  onMarkFailure(error: unknown): void;
}

/**
 * Accepts a task once for each key (draft-ietf-httpapi-idempotency-key-header). The key is written with the identity of
 * the task before the task is: a gateway that dies in between leaves a key with which the next request writes the very
 * same task, so that it makes no difference whether the first one did.
 * @returns the id of the task
 * @throws IdempotencyKeyReusedError, IdempotencyKeyInUseError; what the ports throw
 */
export async function acceptOnce(
  ports: AcceptOncePorts,
  { key, fingerprint }: { key: string; fingerprint: string },
): Promise<number> {
  const known = await knownKey(ports, key);
  if (known !== undefined && known.fingerprint !== fingerprint)
    throw new IdempotencyKeyReusedError('The Idempotency-Key came with another request before.');
  if (known?.accepted) return known.taskId;

  const record = known === undefined ? await addKey(ports, { key, fingerprint }) : await takeOver(ports, known);
  await publishHeld(ports, record);
  return record.taskId;
}

async function knownKey({ keys, nowMs }: AcceptOncePorts, key: string): Promise<KeyRecord | undefined> {
  const known = await keys.find(key);
  if (known === undefined || known.expiresAtMs > nowMs()) return known;
  await keys.remove(known);
  return undefined;
}

async function addKey(ports: AcceptOncePorts, request: { key: string; fingerprint: string }): Promise<KeyRecord> {
  const identity = await ports.identify();
  const nowMs = ports.nowMs();
  const record: KeyRecord = {
    ...request,
    ...identity,
    accepted: false,
    heldUntilMs: nowMs + ports.holdMs,
    expiresAtMs: nowMs + keyLifetimeMs,
  };
  if (!(await ports.keys.add(record))) throw inUse();
  return record;
}

async function takeOver(ports: AcceptOncePorts, known: KeyRecord): Promise<KeyRecord> {
  const nowMs = ports.nowMs();
  const heldUntilMs = nowMs + ports.holdMs;
  if (known.heldUntilMs > nowMs || !(await ports.keys.hold(known, heldUntilMs))) throw inUse();
  return { ...known, heldUntilMs };
}

async function publishHeld(ports: AcceptOncePorts, record: KeyRecord): Promise<void> {
  try {
    await ports.publish(record);
  } catch (error) {
    await ports.keys.hold(record, 0).catch(ports.onMarkFailure);
    throw error instanceof OutcomeUnknownError ? safeToRepeat(error) : error;
  }
  await ports.keys.accept(record).catch(ports.onMarkFailure);
}

function safeToRepeat(error: OutcomeUnknownError): OutcomeUnknownError {
  const { taskId } = error;
  const message = `Whether task ${taskId} was accepted is unknown. Repeat the request with the same Idempotency-Key: it stays one task.`;
  return new OutcomeUnknownError(taskId, message, { cause: error });
}

function inUse(): IdempotencyKeyInUseError {
  return new IdempotencyKeyInUseError('A request with this Idempotency-Key is being served.');
}
