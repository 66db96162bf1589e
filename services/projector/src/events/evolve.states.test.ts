import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { topics, type Outcome, type TaskDocument } from '@nask/schemas';
import { examplesOf } from '../fixtures/task-events.ts';
import type { TaskEvent } from './event.ts';
import { evolve } from './evolve.ts';
import { slots } from './index.ts';

/*
 * The state diagram of docs/architecture.md against the fold: every state that any events lead to, and every event that leads
 * from one to another.
 */

const documentation = join(import.meta.dirname, '../../../../docs/architecture.md');
const start = '[*]';

const attempts = [1, 2];
const outcomes: Outcome[] = ['SUCCESS', 'FAILURE', 'REVOKED'];

/** One event of each topic in the registry, and of each attempt and outcome. */
const events = slots.flatMap(({ topic }): TaskEvent[] => {
  const [example] = examplesOf(topic).values();
  const data = { ...example!.data, task_id: 4 };
  const ofAttempts = 'attempt' in data ? attempts.map((attempt) => ({ ...data, attempt })) : [data];
  const all =
    'outcome' in data ? ofAttempts.flatMap((end) => outcomes.map((outcome) => ({ ...end, outcome }))) : ofAttempts;
  return all.map((each) => ({ topic, data: each }) as TaskEvent);
});

/** What of a document its next status can depend on, for positions only ever grow. */
const essence = ({ status, started, attempt_failed: failed, completed }: TaskDocument) =>
  [status, started?.attempt, failed?.attempt, completed?.outcome].join();

const labelOf = ({ topic, data }: TaskEvent) =>
  topic === 'tasks.completed' ? `TaskCompleted ${data.outcome}` : topics[topic].event;

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

type Arrow = readonly [from: string, to: string, event: string];

/** The diagram's arrows `from --> to: event`. An arrow from a composite state is one from each of its states. */
function documentedArrows(): Arrow[] {
  const [, diagram = ''] = /```mermaid\nstateDiagram-v2\n([^`]*)```/.exec(readFileSync(documentation, 'utf8')) ?? [];
  const statesOf = new Map<string, Set<string>>();
  const arrows: Arrow[] = [];
  let composite: Set<string> | undefined;
  for (const line of diagram.split('\n').map((text) => text.trim())) {
    const [, opened] = /^state (\w+) \{$/.exec(line) ?? [];
    const [, from, to, event] = /^(\S+) --> (\w+): (.+)$/.exec(line) ?? [];
    if (opened !== undefined) statesOf.set(opened, (composite = new Set()));
    else if (line === '}') composite = undefined;
    else if (event !== undefined) arrows.push([from!, to!, event]);
    const states = event === undefined ? [line] : [from!, to!];
    if (opened === undefined) for (const state of states) if (/^[A-Z]+$/.test(state)) composite?.add(state);
  }
  return arrows.flatMap(([from, to, event]) =>
    [...(statesOf.get(from) ?? [from])].map((state): Arrow => [state, to, event]),
  );
}

/**
 * As `explore` puts it. An event that is the first to be read has the effect that it has on a PENDING task: that is said in
 * words below the diagram.
 */
function documented(): string[] {
  const arrows = documentedArrows();
  const leavePending = arrows.filter(([from]) => from === 'PENDING');
  const stayPending = events.map(labelOf).filter((label) => !leavePending.some(([, , event]) => event === label));
  const first = [...leavePending, ...stayPending.map((label): Arrow => ['PENDING', 'PENDING', label])];
  const all = [...arrows, ...first.map(([, to, event]): Arrow => [start, to, event])];
  const labels = Map.groupBy(all, ([from, to]) => `${from} --> ${to}`);
  return [...labels]
    .map(([arrow, some]) => `${arrow}: ${[...new Set(some.map(([, , event]) => event))].toSorted().join(', ')}`)
    .toSorted();
}

test('the documented states and transitions are those of the fold', () => {
  expect(documented()).toEqual(explore(evolve));
});

test('a fold that does otherwise is noticed', () => {
  const lastEndCounts: typeof evolve = (document, event, offset) =>
    evolve(event.topic === 'tasks.completed' ? { ...document!, completed: undefined } : document, event, offset);
  expect(explore(lastEndCounts)).not.toEqual(documented());
});
