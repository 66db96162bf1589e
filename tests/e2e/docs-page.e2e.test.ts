import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { TaskResource } from '@nask/schemas';
import { eventually, isolate, spawnService, testServers, type ServiceUnderTest } from '@nask/testkit';
import project from '../../package.json' with { type: 'json' };
import { openBrowser } from '../browser/open-browser.ts';
import { openDocs, type Input } from './docs-page.ts';
import { startSystem, systemEnv, type System } from './system.ts';

const key = 'a-key-for-the-docs-page';
const isolation = isolate('docs-page');
let browser: Browser;
let system: System;
/** A gateway of the same system whose clients need keys. */
let closedGateway: ServiceUnderTest;

beforeAll(async () => {
  const servers = testServers();
  const hash = createHash('sha256').update(key).digest('hex');
  const opening = openBrowser();
  opening.catch(() => undefined);
  system = await startSystem(isolation, servers);
  const env = { ...systemEnv(isolation, servers), GATEWAY_NAME: 'closed', API_KEYS: `docs:read+write:${hash}` };
  [browser, closedGateway] = await Promise.all([opening, spawnService('gateway', env)]);
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await Promise.all([system?.close(), closedGateway?.close()]);
}, 60_000);

describe('the interactive page in a browser', () => {
  test('is where / leads, shows the version, closed error answers, and no fault', async () => {
    const { url } = system.service('gateway');
    const { page, faults, docs } = await openDocs(browser, url, { path: '/', colorScheme: 'dark' });
    expect(page.url()).toBe(`${url}/docs`);
    expect((await page.locator('.info .version').first().textContent())?.trim()).toBe(project.version);
    await page.locator('html.dark-mode').waitFor();

    const operation = await docs.open('createTask');
    await eventually(async () => expect(await operation.locator('.responses-table .response:visible').count()).toBe(2));
    await operation.getByText('Errors: 400').click();
    const meaning = operation.getByRole('link', { name: '/problems/validation' });
    expect((await page.request.get(new URL((await meaning.getAttribute('href'))!, url).href)).status()).toBe(200);
    expect(faults).toEqual([]);
    await page.close();
  }, 60_000);

  test('answers what a person sends next, at every operation', async () => {
    const { url } = system.service('gateway');
    const { page, faults, docs } = await openDocs(browser, url);
    const unused = new Set(await docs.operationIds());
    expect([unused.has('getDocs'), unused.has('getDocsPart')]).toEqual([true, false]);
    const send = async (operationId: string, input?: Input) => {
      unused.delete(operationId);
      return docs.send(operationId, input);
    };

    const first = await send('createTask');
    const prime = { type: 'prime', notify_url: 'http://127.0.0.1:9/', payload: { input: 7 } };
    const second = await send('createTask', { body: prime });
    expect([first.status, second]).toEqual([202, { status: 202, body: expect.objectContaining(prime) }]);
    const { id } = second.body as TaskResource;
    const { id: firstId } = first.body as TaskResource;
    const ofTask = { parameters: { id: String(id) } };
    for (const [each, result] of [
      [firstId, 541],
      [id, 17],
    ]) {
      const waiting = { parameters: { id: String(each), Prefer: 'wait=30' } };
      expect(await send('getTask', waiting)).toMatchObject({ status: 200, body: { id: each, result } });
    }
    expect(await send('listTasks')).toMatchObject({ status: 200, body: { tasks: [{ id: firstId }, { id }] } });
    expect(await send('listTasks', { parameters: { type: 'sleep' } })).toEqual({ status: 200, body: { tasks: [] } });
    expect(await send('createTask', { body: { ...prime, type: 'paint' } })).toMatchObject({ status: 422 });
    expect(await send('getTaskEvents', ofTask)).toMatchObject({ body: { events: expect.any(Array) } });
    const stream = await send('getTaskEvents', { mediaType: 'text/event-stream' });
    expect(stream.body).toContain('event: TaskCompleted');

    expect(await send('redeliverOutcome', ofTask)).toMatchObject({ status: 202 });
    expect(await send('redeliverFailedOutcomes')).toEqual({ status: 202, body: { requested: 0 } });
    expect([202, 204]).toContain((await send('eraseTask', ofTask)).status);

    const batch = await send('createTasks');
    expect(batch).toMatchObject({ status: 200, body: { results: [{ status: 202 }, { status: 202 }] } });
    const long = await send('createTask', { body: { type: 'sleep', payload: { input: 3_600 } } });
    const longId = String((long.body as TaskResource).id);
    expect(await send('cancelTask', { parameters: { id: longId } })).toMatchObject({ status: 202 });

    for (const operationId of unused)
      expect([operationId, (await send(operationId)).status]).toEqual([operationId, 200]);
    expect(faults).toEqual([]);
    await page.close();
  }, 120_000);

  test('says that a key is needed, and takes it', async () => {
    const { url } = closedGateway;
    const { page, faults, docs } = await openDocs(browser, url);
    await page.getByText('Requests need an API key').waitFor();
    expect(await docs.send('createTask')).toMatchObject({ status: 401, body: { type: '/problems/unauthenticated' } });
    await docs.authorize(key);
    expect(await docs.send('createTask')).toMatchObject({ status: 202 });
    expect(await docs.send('redeliverFailedOutcomes')).toMatchObject({ status: 403 });
    expect(faults).toEqual([]);
    await page.close();
  }, 60_000);

  test('cannot reach another host, and such a fault is seen', async () => {
    const { url } = system.service('gateway');
    const { page, faults } = await openDocs(browser, url);
    await page.evaluate(`document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/x.png' }))`);
    await eventually(() => expect(faults).toContainEqual(expect.stringContaining('Content Security Policy')));
    await page.close();
  }, 60_000);
});
