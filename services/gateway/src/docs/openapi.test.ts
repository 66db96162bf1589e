import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { taskTypes } from '@nask/schemas';
import { anyWebUrl } from '@nask/testkit/any-text';
import project from '../../../../package.json' with { type: 'json' };
import { InvalidRequestError } from '../errors.ts';
import { startApi, type ApiUnderTest } from '../fixtures/api-under-test.ts';
import { routes } from '../routes.ts';
import { createTaskRequestValidator } from '../tasks/new-task.rules.ts';
import { openApiDocument } from './openapi.ts';

const document = openApiDocument(routes, taskTypes, { hasKeys: true });

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(structuredClone(document), 'openapi');

/** Takes any value that a schema of the document describes. */
function checkOf(schemaName: string) {
  return ajv.compile({ $ref: `openapi#/components/schemas/${schemaName}` });
}

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

describe('the OpenAPI document', () => {
  test('is served, and is valid OpenAPI 3.1', async () => {
    const answer = await api.call('GET', '/openapi.json');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    const validator = new Validator();
    expect(await validator.validate(answer.json())).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
    const broken = { ...answer.json(), paths: { '/x': { get: { responses: 'none' } } } };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  test('all its references lead somewhere, and its schemas are valid JSON Schema', () => {
    const components = document.components as Record<string, Record<string, unknown>>;
    const refs = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([\w-]+)"/g);
    for (const [, kind, name] of refs)
      expect([kind, Object.keys(components[kind!]!)]).toEqual([kind, expect.arrayContaining([name])]);
    for (const name of Object.keys(components['schemas']!)) expect(checkOf(name)).toBeInstanceOf(Function);
  });

  test('has every route of the table, each under its own id, and each is served', async () => {
    const described = Object.entries(document['paths'] as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(described.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).toSorted());
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { method, path, operation } of routes) {
      const [parameter] = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      const at = path.replaceAll(/\{\w+\}/g, (parameter?.example as string | undefined) ?? '4');
      const { text } = await api.call(method.toUpperCase(), at);
      expect([at, /^\{"type":"\/problems\/(not-found|method-not-allowed)"/.exec(text)]).toEqual([at, null]);
    }
  });

  test('has the version of package.json, and so has the document of the events', async () => {
    for (const path of ['/openapi.json', '/asyncapi.json'])
      expect((await api.call('GET', path)).json()['info']).toMatchObject({ version: project.version });
  });

  test('has no example of an optional parameter that the interactive page would send', () => {
    const prefilled = routes.flatMap(({ operation }) =>
      (operation.parameters ?? []).filter(({ required, example, schema }) => !required && (example ?? schema.example)),
    );
    expect(prefilled).toEqual([]);
    expect(routes.some(({ operation }) => operation.parameters?.some(({ example }) => example))).toBe(true);
  });

  test('has examples of bodies that are taken as they are', () => {
    const schemaOfBody = {
      createTask: 'NewTask',
      createTasks: 'TaskBatch',
      redeliverFailedOutcomes: 'RedeliverySelection',
    };
    const bodies = routes.filter(({ operation }) => operation.requestBody);
    expect(bodies.map(({ operation }) => operation.operationId).toSorted()).toEqual(Object.keys(schemaOfBody));
    for (const { operation } of bodies) {
      const isTaken = checkOf(schemaOfBody[operation.operationId as keyof typeof schemaOfBody]);
      const examples = Object.values(operation.requestBody!.content['application/json']!.examples!);
      expect(examples.length).toBeGreaterThan(0);
      for (const { value } of examples) expect([isTaken(value), isTaken.errors]).toEqual([true, null]);
    }
  });

  test('describes the bodies that are taken: what it allows is accepted, what it forbids is not', () => {
    const isNewTask = checkOf('NewTask');
    const validate = createTaskRequestValidator(taskTypes);
    const accepted = (body: unknown) => {
      try {
        return validate(body) !== undefined;
      } catch (error) {
        if (error instanceof InvalidRequestError) return false;
        throw error;
      }
    };
    const mostly = <T, U>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<U>) =>
      fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: wrong });
    const input = mostly(fc.integer({ min: 1, max: 20 }), fc.constantFrom(-1, 0, 0.5, '1', 5_000_001));
    const payload = mostly(fc.record({ input }), fc.constantFrom(null, [], {}, { input: 1, more: 2 }));
    const rest = fc.record(
      {
        notify_url: mostly(anyWebUrl, fc.constantFrom(null, 7, 'http://a/'.padEnd(3_000, 'x'))),
        timeout: mostly(fc.constantFrom(null, 0.001, 1), fc.constantFrom(0, 86_401, '1')),
      },
      { requiredKeys: [] },
    );
    const type = mostly(fc.constantFrom('sleep', 'prime', 'fibonacci'), fc.constantFrom('paint', 1));
    const body = mostly(
      fc.tuple(type, payload, rest).map(([type, payload, rest]) => ({ type, payload, ...rest })),
      fc.constantFrom({}, [], null, { type: 'prime', payload: { input: 1 }, other: 1 }),
    );
    let taken = 0;
    fc.assert(
      fc.property(body, (value) => {
        const isTaken = accepted(value);
        taken += Number(isTaken);
        expect(isNewTask(value)).toBe(isTaken);
      }),
      { numRuns: 80 },
    );
    expect(taken).toBeGreaterThan(15);
  });

  test.each([
    ['GET', '/api/tasks/4', 'Task'],
    ['GET', '/api/tasks', 'TaskList'],
    ['POST', '/api/tasks/4/cancel', 'Task'],
    ['POST', '/api/tasks/4/notifications', 'RedeliveryRequested'],
    ['GET', '/api/task-types', 'TaskTypeList'],
    ['GET', '/problems/validation', 'ProblemType'],
    ['GET', '/', 'EntryPoints'],
    ['GET', '/nowhere', 'Problem'],
    ['GET', '/api/tasks?limit=x', 'Problem'],
  ])('describes the answer to %s %s', async (method, path, schema) => {
    const answer = await api.call(method, path);
    const isDescribed = checkOf(schema);
    expect([isDescribed(answer.json()), isDescribed.errors]).toEqual([true, null]);
    expect(isDescribed({ ...answer.json(), id: 'x', tasks: 'x', requested: 'x', status: 'x', name: 7 })).toBe(false);
  });
});

describe('the interactive page', () => {
  test('is made of parts that are served from here, and may load no others', async () => {
    const page = await api.call('GET', '/docs');
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part!);
    expect(parts.length).toBeGreaterThanOrEqual(4);
    for (const part of parts) {
      expect(part).not.toMatch(/^(\w+:|\/)/);
      expect((await api.call('GET', `/${part}`)).status).toBe(200);
    }
  });

  test.each(['/docs/', '/docs/package.json', '/docs/..%2Fdocs-routes.ts', '/docs/index.html'])(
    'has no part %s',
    async (path) => {
      expect((await api.call('GET', path)).status).toBe(404);
    },
  );
});
