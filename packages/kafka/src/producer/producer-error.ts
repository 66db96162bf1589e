export type ProducerErrorCode =
  /** The queue is at its limit. Nothing was sent; try again when it has drained. */
  | 'QUEUE_FULL'
  /** Not acknowledged in time. */
  | 'DEADLINE_EXCEEDED'
  /** The record is larger than a batch for one partition may be, and never fits. */
  | 'RECORD_TOO_LARGE'
  /** The producer is not started, or stopping. */
  | 'STOPPED'
  /** The broker answered with an error; `cause` has it. */
  | 'REFUSED';

/** Why a record was not acknowledged. */
export class ProducerError extends Error {
  override readonly name = 'ProducerError';
  readonly code: ProducerErrorCode;
  /** True: the record may be in the log, now or in a moment. False: it is not and will not be. */
  readonly outcomeUnknown: boolean;
  /** Whether the same record may be accepted later. */
  readonly retryable: boolean;

  constructor(
    code: ProducerErrorCode,
    message: string,
    {
      outcomeUnknown = false,
      retryable = true,
      cause,
    }: { outcomeUnknown?: boolean; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.outcomeUnknown = outcomeUnknown;
    this.retryable = retryable;
  }
}

/** Broker errors that the same record meets again whenever it is sent. */
const permanentErrors = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
]);

/**
 * The error of each record of a batch whose send failed. kafkajs reports the first partition's error for the whole
 * request and does not say which partition it was, and an attempt before may have been written without its answer
 * arriving: so what became of each record is unknown.
 */
export function refused(cause: unknown): ProducerError {
  const type = (cause as { type?: unknown } | null)?.type;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ProducerError('REFUSED', `Kafka did not take the batch: ${reason}`, {
    outcomeUnknown: true,
    retryable: !(typeof type === 'string' && permanentErrors.has(type)),
    cause,
  });
}
