import type { Fault } from '../errors.ts';
import { problemTypes, type ProblemName, type ProblemType } from './problem-types.ts';

/** The body of an error answer: a problem detail (RFC 9457), media type `application/problem+json`. */
export interface ProblemBody {
  /** Reference to the description of the kind of error, relative to the API. */
  type: string;
  title: string;
  status: number;
  /** What happened to this request. */
  detail: string;
  /** Every fault found, bounded. */
  errors?: readonly Fault[];
  /** With outcome-unknown: the id of the task, if it was accepted. */
  task_id?: number;
}

/** An error answer: its body, and the headers that go with it. */
export interface Problem {
  body: ProblemBody;
  headers: Record<string, string>;
}

/** Thrown by the HTTP adapter itself, where the fault is one of the protocol. */
export class HttpProblem extends Error {
  readonly problem: ProblemName;
  readonly headers: Record<string, string>;

  constructor(problem: ProblemName, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.problem = problem;
    this.headers = headers;
  }
}

/** Makes the answer of a kind of error. Retry-After is added where the kind has one. */
export function problem(
  name: ProblemName,
  detail: string,
  more: { errors?: readonly Fault[]; task_id?: number; headers?: Record<string, string> } = {},
): Problem {
  const { status, title, retryAfterS }: ProblemType = problemTypes[name];
  const { headers, ...members } = more;
  return {
    body: { type: `/problems/${name}`, title, status, detail, ...members },
    headers: { ...headers, ...(retryAfterS === undefined ? {} : { 'Retry-After': String(retryAfterS) }) },
  };
}
