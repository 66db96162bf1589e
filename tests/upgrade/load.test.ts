import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { freePort } from '@nask/dev-stack';
import { eventually } from '@nask/testkit';
import { Load, type Recipe } from './load.ts';

interface Answer {
  status: number;
  body?: { id: number; status: string };
}
/** What a gateway answers in place of a true answer. */
type Lie = (method: string, path: string, truth: Answer) => Answer;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A gateway where each task has ended when it is read for the first time. */
async function gatewayThat(lies: Lie): Promise<string> {
  const idsByKey = new Map<string, number>();
  const erased = new Set<number>();
  let lastId = 0;
  function truth(method: string, path: string, key: string | undefined): Answer {
    const id = Number(path.split('/')[3]);
    if (method === 'DELETE') {
      erased.add(id);
      return { status: 204 };
    }
    if (method === 'GET') return erased.has(id) ? { status: 410 } : { status: 200, body: { id, status: 'SUCCESS' } };
    if (path !== '/api/tasks') return { status: 202, body: { id, status: 'SUCCESS' } };
    const known = key === undefined ? undefined : idsByKey.get(key);
    const accepted = known ?? (lastId += 1);
    if (key !== undefined) idsByKey.set(key, accepted);
    return { status: 202, body: { id: accepted, status: 'PENDING' } };
  }
  const server = createServer(({ method = '', url = '', headers }, response) => {
    const { status, body } = lies(method, url, truth(method, url, headers['idempotency-key'] as string | undefined));
    response.writeHead(status).end(body === undefined ? undefined : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const body = { type: 'prime', payload: { input: 1 } };
const ending = { status: 'SUCCESS' } as const;
const recipes: Recipe[] = [
  { body, ending, followUp: 'repeat the POST' },
  { body, ending, followUp: 'redeliver' },
  { body, ending, followUp: 'erase' },
  { body, ending },
];

function loadOn(url: string): Load {
  const gateways = [{ name: 'tested', url }];
  const load = new Load({
    recipes,
    traffic: { writes: gateways, reads: gateways },
    isNotified: () => true,
    intervalMs: 5,
  });
  load.start();
  closers.unshift(() => load.stop());
  return load;
}

test('given a gateway that keeps its promises, then there is no fault', async () => {
  const load = loadOn(await gatewayThat((_method, _path, truth) => truth));
  await Promise.all(['GET', 'POST', 'DELETE'].map((method) => load.answered(method, 'tested', 3)));
  await load.stop();
  expect(load.faults).toEqual([]);
  expect(
    [...load.accepted.values()].flatMap(({ followUp, followedUpBy }) => (followedUpBy.length > 0 ? [followUp] : [])),
  ).toEqual(expect.arrayContaining(['repeat the POST', 'redeliver', 'erase']));
});

let answers = 0;
const pending = (id: number) => ({ status: 200, body: { id, status: 'PENDING' } });
const isPost = (method: string, path: string) => method === 'POST' && path === '/api/tasks';

const lies: [what: string, fault: RegExp, lie: Lie][] = [
  [
    'refuses a POST',
    /POST was answered 503/,
    (method, path, truth) => (isPost(method, path) ? { status: 503 } : truth),
  ],
  [
    'gives an id twice',
    /the id 1 was given twice/,
    (method, path, truth) => (isPost(method, path) ? { ...truth, body: { id: 1, status: 'PENDING' } } : truth),
  ],
  [
    'makes a second task of a repeated POST',
    /repeated POST of task \d+ was answered 202, id 1\d{3}/,
    (method, path, truth) => {
      answers += 1;
      return isPost(method, path) ? { status: 202, body: { id: 1_000 + answers, status: 'PENDING' } } : truth;
    },
  ],
  [
    'loses a task',
    /GET of task \d+ was answered 404/,
    (method, _path, truth) => (method === 'GET' ? { status: 404 } : truth),
  ],
  [
    'does not answer in time',
    /GET of task \d+ was answered 503/,
    (method, _path, truth) => (method === 'GET' ? { status: 503 } : truth),
  ],
  [
    'erases a task unasked',
    /GET of task \d+ was answered 410/,
    (method, _path, truth) => (method === 'GET' ? { status: 410 } : truth),
  ],
  [
    'shows an older state',
    /shows PENDING, an older state than before/,
    (method, _path, truth) => {
      answers += 1;
      return truth.status === 200 && answers % 2 === 0 ? pending(truth.body!.id) : truth;
    },
  ],
  [
    'refuses a redelivery',
    /notifications was answered 409/,
    (_method, path, truth) => (path.endsWith('/notifications') ? { status: 409 } : truth),
  ],
];

test('given no gateway, then it is a fault', async () => {
  const load = loadOn(`http://127.0.0.1:${await freePort()}`);
  await eventually(() => expect(load.faults.join('\n')).toMatch(/POST \/api\/tasks.*no answer/), { timeoutMs: 5_000 });
});

test.each(lies)('given a gateway that %s, then it is a fault', async (_what, fault, lie) => {
  const load = loadOn(await gatewayThat(lie));
  await eventually(() => expect(load.faults.join('\n')).toMatch(fault), { timeoutMs: 5_000 });
});
