import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Outcome, TaskDocument } from '@nask/schemas';
import { examplesOf } from '../fixtures/task-events.ts';
import type { TaskEvent, TaskEventName } from './event.ts';
import { evolve } from './evolve.ts';
import { eventRules } from './index.ts';

/*
 * The diagram of docs/read-model.md is held against the fold: every state that any events lead to, in the order of the log,
 * and every event that leads from one to another.
 */

const documentation = join(import.meta.dirname, '../../../../docs/read-model.md');
const start = '[*]';

const attempts = [1, 2];
const outcomes: Outcome[] = ['SUCCESS', 'FAILURE', 'REVOKED'];

/** One event of each kind in the registry, and of each attempt and outcome. */
const events = (Object.keys(eventRules) as TaskEventName[]).flatMap((name): TaskEvent[] => {
  const [example] = examplesOf(name).values();
  const data = { ...example!.data, task_id: 4 };
  const ofAttempts = 'attempt' in data ? attempts.map((attempt) => ({ ...data, attempt })) : [data];
  const all =
    'outcome' in data ? ofAttempts.flatMap((end) => outcomes.map((outcome) => ({ ...end, outcome }))) : ofAttempts;
  return all.map((each) => ({ name, data: each }) as TaskEvent);
});

/** What of a document its next status can depend on, for positions only ever grow. */
const essence = ({ status, started, attempt_failed: failed, completed }: TaskDocument) =>
  [status, started?.attempt, failed?.attempt, completed?.outcome].join();

const labelOf = (event: TaskEvent) =>
  event.name === 'TaskCompleted' ? `${event.name} ${event.data.outcome}` : event.name;

/** `from --> to: events`, in no order, of every change of the status. */
function explore(fold: typeof evolve): string[] {
  const labels = new Map<string, Set<string>>();
  const seen = new Set<string>();
  const open: { document: TaskDocument | undefined; depth: number }[] = [{ document: undefined, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { document, depth } = next;
    for (const event of events) {
      const after = fold(document, event, depth);
      const [from, to] = [document?.status ?? start, after.status];
      if (from !== to)
        labels.set(`${from} --> ${to}`, (labels.get(`${from} --> ${to}`) ?? new Set()).add(labelOf(event)));
      const key = essence(after);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push({ document: after, depth: depth + 1 });
    }
  }
  return [...labels].map(([arrow, names]) => `${arrow}: ${[...names].toSorted().join(', ')}`).toSorted();
}

function documented(): string[] {
  const [, diagram] = /```mermaid\nstateDiagram-v2\n([^`]*)```/.exec(readFileSync(documentation, 'utf8')) ?? [];
  return (diagram ?? '')
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .toSorted();
}

test('the documented states and transitions are those of the fold', () => {
  expect(documented()).toEqual(explore(evolve));
});

test('a fold that does otherwise is noticed', () => {
  const lastEndCounts: typeof evolve = (document, event, offset) =>
    evolve(event.name === 'TaskCompleted' ? { ...document!, completed: undefined } : document, event, offset);
  expect(explore(lastEndCounts)).not.toEqual(documented());
});
