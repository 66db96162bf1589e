import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UnavailableError } from '../errors.ts';
import { expectProblem, startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';

const prime = (input: unknown) => ({ type: 'prime', payload: { input } });
const batch = (tasks: unknown) => ({ body: JSON.stringify({ tasks }) });

let api: ApiUnderTest;
beforeEach(async () => {
  api = await startApi();
  let id = 0;
  api.operations.accept = async () => ({ id: ++id });
});
afterEach(() => api.stop());

describe('POST /api/tasks/batch', () => {
  test('answers each task in its place with what a POST of it alone would be answered', async () => {
    const answer = await api.call('POST', '/api/tasks/batch', batch([prime(100), prime(0), 'x', prime(1)]));
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      results: [
        { status: 202, task: { id: 1, status: 'PENDING', ...prime(100) } },
        {
          status: 422,
          problem: expect.objectContaining({
            type: '/problems/validation',
            status: 422,
            detail: '/tasks/1/payload/input must be >= 1.',
            errors: [{ pointer: '/tasks/1/payload/input', detail: 'must be >= 1' }],
          }),
        },
        {
          status: 422,
          problem: expect.objectContaining({ errors: [{ pointer: '/tasks/2', detail: 'must be object' }] }),
        },
        { status: 202, task: { id: 2, status: 'PENDING', ...prime(1) } },
      ],
    });
  });

  test('one task that Kafka does not take does not keep the others from being accepted', async () => {
    let id = 0;
    api.operations.accept = async () => {
      id += 1;
      if (id === 2) throw new UnavailableError('NOT_ACCEPTED', 'The queue is full.');
      if (id === 3) throw new TypeError('secret detail');
      return { id };
    };
    const answer = await api.call('POST', '/api/tasks/batch', {
      ...batch([prime(1), prime(2), prime(3), prime(4)]),
      headers: { 'x-request-id': 'batch-1', 'content-type': 'application/json' },
    });
    const { results } = answer.json() as { results: { status: number; problem?: { type: string } }[] };
    expect(results.map(({ status, problem }) => [status, problem?.type])).toEqual([
      [202, undefined],
      [503, '/problems/not-accepted'],
      [500, '/problems/internal'],
      [202, undefined],
    ]);
    expect(answer.text).not.toContain('secret');
    const line = api.log.find((line) => line.includes('"level":"error"'));
    expect(line).toContain('secret detail');
    expect(line).toContain('"requestId":"batch-1"');
  });

  test('takes 1,000 tasks and no more', async () => {
    const most = await api.call('POST', '/api/tasks/batch', batch(Array(1_000).fill(prime(1))));
    expect((most.json() as { results: { task: { id: number } }[] }).results.at(-1)?.task.id).toBe(1_000);
    const more = await api.call('POST', '/api/tasks/batch', batch(Array(1_001).fill(prime(1))));
    expectProblem(more, 'validation');
    expect(more.json()['detail']).toBe('/tasks must have at most 1000 items.');
  });

  test.each([
    ['{"tasks":[]}', '/tasks must have at least 1 item.'],
    ['{"tasks":{}}', '/tasks must be array.'],
    ['{}', '/tasks is required.'],
    ['[]', 'the body must be object.'],
    ['{"tasks":[1],"other":1}', '/other is not a known field.'],
  ])('the body %s is no batch: %s', async (body, detail) => {
    const answer = await api.call('POST', '/api/tasks/batch', { body });
    expectProblem(answer, 'validation');
    expect(answer.json()['detail']).toBe(detail);
  });

  test('has a limit of its own for the body', async () => {
    await api.stop();
    api = await startApi({ maxBodyBytes: 1_024, maxBatchBodyBytes: 2_048 });
    const fits = JSON.stringify({ tasks: [prime(1)] }).padEnd(2_048);
    expect((await api.call('POST', '/api/tasks/batch', { body: fits })).status).toBe(200);
    const answer = await api.call('POST', '/api/tasks/batch', { body: `${fits} ` });
    expectProblem(answer, 'body-too-large');
    expect(answer.json()['detail']).toBe('The body is larger than 2048 bytes.');
  });
});
