import { taskResource, type TaskCompleted } from '@nask/schemas';

/** What is to be sent about one ended task: the same, to the byte, for every attempt. */
export interface Webhook {
  /** `webhook-id`: receivers know a repeat by it. */
  id: string;
  taskId: number;
  target: WebhookTarget;
  /** JSON text of the task, with the fields of the API. */
  body: string;
  /** When the task ended, in milliseconds since 1970. */
  completedAtMs: number;
}

/**
 * The webhook of an outcome; undefined for a task without notify_url.
 * @throws UnusableUrlError
 * @throws SyntaxError when the payload or the result is not JSON
 */
export function webhookOf(completed: TaskCompleted): Webhook | undefined {
  if (completed.notify_url === null) return undefined;
  const resource = taskResource({
    id: completed.task_id,
    type: completed.type,
    status: completed.outcome,
    notifyUrl: completed.notify_url,
    payloadJson: completed.payload,
    resultJson: completed.include_result ? completed.result : null,
    error: completed.error,
    createdAtMs: completed.requested_at,
    startedAtMs: completed.started_at,
    completedAtMs: completed.completed_at,
  });
  return {
    id: webhookId(completed),
    taskId: completed.task_id,
    target: webhookTarget(completed.notify_url),
    body: JSON.stringify(resource),
    completedAtMs: completed.completed_at,
  };
}

/**
 * Made of the task alone and not of the completion: whichever attempt ended the task, and however often the outcome is
 * sent, it is one webhook. The time of the request keeps apart the ids of two systems that notify the same receiver.
 */
export function webhookId({ task_id: taskId, requested_at: requestedAtMs }: TaskCompleted): string {
  return `task_${taskId}_${requestedAtMs.toString(36)}`;
}

/** Where a webhook goes: a checked `notify_url`, taken apart. */
export interface WebhookTarget {
  /** Scheme, host and port: one pool of connections each. */
  origin: string;
  /** Host and port: what limits and log lines are about. Never has credentials in it. */
  host: string;
  /** Path and query. */
  path: string;
  /** Value of the header `authorization` when the URL has a user name or password in it (RFC 7617). */
  authorization?: string;
}

/** A `notify_url` that nothing is ever sent to. The message never repeats the URL: it may have a password in it. */
export class UnusableUrlError extends Error {
  readonly code = 'UNUSABLE_URL';

  constructor(reason: string) {
    super(`notify_url ${reason}`);
    this.name = 'UnusableUrlError';
  }
}

const maxUrlLength = 2048;

/**
 * Parses by the WHATWG URL standard, which also turns every notation of an IPv4 host (octal, hexadecimal, one number,
 * full-width digits) into the usual one, so that what is checked is what is connected to. Every port is allowed.
 * @throws UnusableUrlError
 */
export function webhookTarget(notifyUrl: string): WebhookTarget {
  if (notifyUrl.length > maxUrlLength) throw new UnusableUrlError(`is longer than ${maxUrlLength} characters`);
  const url = URL.parse(notifyUrl);
  if (url === null) throw new UnusableUrlError('is not an absolute URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UnusableUrlError(`has the scheme ${url.protocol.slice(0, -1)}; only http and https are possible`);
  }
  const target = { origin: url.origin, host: url.host, path: url.pathname + url.search };
  return url.username === '' && url.password === '' ? target : { ...target, authorization: basicAuthorization(url) };
}

function basicAuthorization({ username, password }: URL): string {
  const credentials = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UnusableUrlError('has a user name or password with a % that encodes nothing');
  }
}

/**
 * The header that makes a receiver's work part of the trace that the completion belongs to, if it names one (W3C Trace
 * Context, section 3.2). Whatever else is in the log does not get into a request.
 */
export function traceHeader({ traceparent }: Readonly<Record<string, string>>): { traceparent?: string } {
  return traceparent !== undefined && /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(traceparent)
    ? { traceparent }
    : {};
}
