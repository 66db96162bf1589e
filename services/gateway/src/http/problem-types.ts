/** One kind of error of the API: what `type` in a problem detail refers to (RFC 9457). */
export interface ProblemType {
  status: number;
  title: string;
  /** For people: what it means and what to do about it. */
  meaning: string;
  /** For the Retry-After header, in seconds. */
  retryAfterS?: number;
}

/** Every kind of error there is. The names are part of the API: `type` is `/problems/<name>`, which can be read there. */
export const problemTypes = {
  'malformed-request': {
    status: 400,
    title: 'The request cannot be read',
    meaning: 'It is not valid HTTP, or its body is not JSON text in UTF-8.',
  },
  unauthenticated: {
    status: 401,
    title: 'The request has no valid key',
    meaning: 'Send an API key that this gateway knows: Authorization: Bearer KEY.',
  },
  forbidden: {
    status: 403,
    title: 'The key does not allow this',
    meaning: 'The detail names the scope that it lacks: read, write or admin.',
  },
  'cross-origin': {
    status: 403,
    title: 'A page of another origin sent the request',
    meaning:
      'Pages of other origins may not change anything, unless CORS_ORIGINS names their origin. Behind a proxy: it has to ' +
      'pass Host and Origin on unchanged. Nothing was done.',
  },
  'task-not-found': {
    status: 404,
    title: 'There is no such task',
    meaning: 'No task has this id: none was accepted with it, or it is older than tasks are kept. It is not "not yet".',
  },
  'not-found': { status: 404, title: 'There is nothing here', meaning: 'The API has no resource at this path.' },
  'method-not-allowed': {
    status: 405,
    title: 'The resource does not take this method',
    meaning: 'The Allow header names the methods that it takes.',
  },
  'task-ended': {
    status: 409,
    title: 'The task has ended',
    meaning: 'It cannot be cancelled any more. GET it for its outcome.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    meaning: 'Headers and body have to arrive within the limits of the gateway.',
  },
  'task-not-ended': {
    status: 409,
    title: 'The task has not ended',
    meaning: 'It has no outcome that could be sent yet, and it cannot be erased. Ask again when it has ended.',
  },
  'no-notify-url': {
    status: 409,
    title: 'The task has no notify_url',
    meaning: 'It was posted without one, so there is nowhere to send its outcome to.',
  },
  'idempotency-key-in-use': {
    status: 409,
    title: 'A request with this Idempotency-Key is being served',
    meaning: 'Repeat the request: it will be answered with the same task.',
    retryAfterS: 1,
  },
  'task-erased': {
    status: 410,
    title: 'The task was erased',
    meaning: 'Somebody asked for that with DELETE. Its events in Kafka stay until their retention ends.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    meaning: 'The detail names the limit in bytes.',
  },
  'outcome-too-large': {
    status: 413,
    title: 'The outcome is too large to be sent again',
    meaning: 'Payload and result together do not fit into one Kafka record. GET the task for its outcome.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body is not sent as JSON',
    meaning: 'Send it with Content-Type: application/json and without Content-Encoding.',
  },
  'unknown-host': {
    status: 421,
    title: 'The gateway does not serve this host',
    meaning:
      'Without API keys the Host header has to be localhost, an IP address or a name in ALLOWED_HOSTS. Behind a proxy: the ' +
      'name that it sends has to be there. Nothing was done.',
  },
  validation: {
    status: 422,
    title: 'The request breaks rules',
    meaning: 'Each entry of errors names a place (a JSON pointer into the body, or a query parameter) and its rule.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key came with another request',
    meaning: 'Within 24 hours a key stands for one request. Take a new key for another one.',
  },
  'rate-limited': {
    status: 429,
    title: 'The key has used up its requests',
    meaning:
      'The RateLimit headers say how many there are, how many are left, and when there will be more. Nothing was done. A batch counts as many as it has tasks.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    meaning: 'All header fields together are larger than the gateway takes.',
  },
  internal: {
    status: 500,
    title: 'The gateway failed',
    meaning: 'A fault of the gateway. Its log has the reason under the request id.',
  },
  'not-accepted': {
    status: 503,
    title: 'The task was not accepted',
    meaning: 'Kafka cannot take it now. It is certain that nothing was written: repeat the request.',
    retryAfterS: 2,
  },
  'outcome-unknown': {
    status: 503,
    title: 'Whether the task was accepted is unknown',
    meaning:
      'Kafka did not acknowledge it in time; it may be in the log, or come to be. If it was accepted, it has the id in ' +
      'task_id: once GET /api/tasks/{task_id} answers 200 it was accepted, while it answers 404 it was not. A request ' +
      'with an Idempotency-Key can be repeated at once and stays one task; without one, repeating it may run the task twice.',
    retryAfterS: 5,
  },
  'idempotency-keys-unavailable': {
    status: 503,
    title: 'Idempotency keys cannot be looked up now',
    meaning: 'The store of the keys does not answer. The task was not accepted: repeat the request, with the same key.',
    retryAfterS: 2,
  },
  'cancellation-unconfirmed': {
    status: 503,
    title: 'Whether the task will be cancelled is unknown',
    meaning: 'Kafka did not acknowledge the cancellation in time. Repeat the request: cancelling twice does no harm.',
    retryAfterS: 2,
  },
  'erasure-unconfirmed': {
    status: 503,
    title: 'Whether the task will be erased is not known',
    meaning: 'Kafka did not acknowledge the erasure in time. Repeat the request: erasing twice does no harm.',
    retryAfterS: 2,
  },
  'read-model-unavailable': {
    status: 503,
    title: 'Tasks cannot be read now',
    meaning:
      'The store of the read model, or Kafka where it has to be asked, does not answer. Tasks are still accepted.',
    retryAfterS: 2,
  },
  'read-model-behind': {
    status: 503,
    title: 'The read model is behind',
    meaning: 'Whether the task exists is not known yet: the read model has not reached what was accepted before.',
    retryAfterS: 1,
  },
  'redelivery-uncertain': {
    status: 503,
    title: 'Whether the outcome is sent again is unknown',
    meaning:
      'Kafka did not take the request, or did not acknowledge it in time. Repeat it: at worst the outcome is sent twice, ' +
      'with the same webhook-id.',
    retryAfterS: 2,
  },
  overloaded: {
    status: 503,
    title: 'Too many requests at once',
    meaning: 'The gateway is serving as many requests as it may. Nothing was done.',
    retryAfterS: 1,
  },
  stopping: {
    status: 503,
    title: 'The gateway is stopping',
    meaning: 'Repeat the request: another gateway, or this one once it is back, will answer it.',
    retryAfterS: 1,
  },
} as const satisfies Record<string, ProblemType>;

export type ProblemName = keyof typeof problemTypes;
