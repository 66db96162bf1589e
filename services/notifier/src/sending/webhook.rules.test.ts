import { describe, expect, test } from '@jest/globals';
import { completedTask } from '../fixtures/doubles.ts';
import { traceHeader, UnusableUrlError, webhookOf, webhookTarget } from './webhook.rules.ts';

const completed = completedTask();

describe('the webhook of an outcome', () => {
  test('has the task as the API shows it, with its result', () => {
    expect(webhookOf(completed)?.body).toBe(
      '{"id":4,"type":"prime","status":"SUCCESS","notify_url":"http://127.0.0.1:8000/","payload":{"input":100},' +
        '"result":541,"created_at":"2026-11-18T11:06:40.000Z","started_at":"2026-11-18T11:06:40.012Z",' +
        '"completed_at":"2026-11-18T11:06:40.013Z"}',
    );
  });

  test('leaves out the result of a task that was posted so, and keeps it otherwise, also where it is null', () => {
    expect(webhookOf({ ...completed, include_result: false })?.body).toBe(
      '{"id":4,"type":"prime","status":"SUCCESS","notify_url":"http://127.0.0.1:8000/","payload":{"input":100},' +
        '"created_at":"2026-11-18T11:06:40.000Z","started_at":"2026-11-18T11:06:40.012Z",' +
        '"completed_at":"2026-11-18T11:06:40.013Z"}',
    );
    expect(webhookOf({ ...completed, result: 'null' })?.body).toContain('"result":null,');
  });

  test('has the error of a task that failed, and no causes where there are none', () => {
    const error = { code: 'unknown-task-type', message: 'No handler.', causes: [] };
    expect(webhookOf({ ...completed, outcome: 'FAILURE', result: null, started_at: null, error })?.body).toBe(
      '{"id":4,"type":"prime","status":"FAILURE","notify_url":"http://127.0.0.1:8000/","payload":{"input":100},' +
        '"error":{"code":"unknown-task-type","message":"No handler."},' +
        '"created_at":"2026-11-18T11:06:40.000Z","completed_at":"2026-11-18T11:06:40.013Z"}',
    );
  });

  test('has the causes of an error, the nearest first, also of a task without its result', () => {
    const causes = [
      { name: 'TypeError', message: 'fetch failed' },
      { name: '', message: 'no route' },
    ];
    const error = { code: 'ECONNREFUSED', message: 'No page.', causes };
    const failed = { ...completed, outcome: 'FAILURE', result: null, include_result: false, error } as const;
    expect(webhookOf(failed)?.body).toContain(
      '"error":{"code":"ECONNREFUSED","message":"No page.","causes":' +
        '[{"name":"TypeError","message":"fetch failed"},{"name":"","message":"no route"}]},',
    );
  });

  test('has the error of a task that expired before it began, and none of one that was cancelled', () => {
    const revoked = { ...completed, outcome: 'REVOKED', result: null, started_at: null } as const;
    const error = { code: 'expired', message: 'The task had not begun by its time.', causes: [] };
    const { code, message } = error;
    expect(JSON.parse(webhookOf({ ...revoked, error })!.body)).toMatchObject({
      status: 'REVOKED',
      error: { code, message },
    });
    expect(JSON.parse(webhookOf(revoked)!.body)).not.toHaveProperty('error');
  });

  test('has none of the other new fields of the event', () => {
    expect(webhookOf({ ...completed, run_at: 1_795_000_000_005 })?.body).toBe(webhookOf(completed)?.body);
  });

  test('keeps its id whichever attempt or executor ended the task', () => {
    const again = { ...completed, event_id: 'another', attempt: 2, executor: 'executor-2', completed_at: 1 };
    expect(webhookOf(again)?.id).toBe(webhookOf(completed)?.id);
  });

  test.each([{ task_id: 5 }, { requested_at: 1_795_000_000_001 }])('has another id for another task: %j', (other) => {
    expect(webhookOf({ ...completed, ...other })?.id).not.toBe(webhookOf(completed)?.id);
  });

  test('is none when nobody asked for one', () => {
    expect(webhookOf({ ...completed, notify_url: null })).toBeUndefined();
  });

  test('is none that could be sent when the URL is unusable or the result is not JSON', () => {
    expect(() => webhookOf({ ...completed, notify_url: 'nonsense' })).toThrow(UnusableUrlError);
    expect(() => webhookOf({ ...completed, result: '{' })).toThrow(SyntaxError);
  });
});

describe('the target of a notify_url', () => {
  test('is its origin, host and path with the query; the fragment stays here', () => {
    expect(webhookTarget('https://Example.com:8443/hooks/a?b=c#d')).toEqual({
      origin: 'https://example.com:8443',
      host: 'example.com:8443',
      path: '/hooks/a?b=c',
    });
  });

  test('has its credentials as a header, decoded, and nowhere else', () => {
    const target = webhookTarget('http://user:p%40ss@example.com/');
    expect(target.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    expect(`${target.origin} ${target.host} ${target.path}`).not.toMatch(/user|ss@/);
  });

  test.each([
    ['http://0177.0.0.1/', '127.0.0.1'],
    ['http://0x7f000001/', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://127.1/', '127.0.0.1'],
    ['http://127.0.0.1./', '127.0.0.1'],
    ['http://①②⑦.⓪.⓪.①/', '127.0.0.1'],
    ['http://[::ffff:127.0.0.1]/', '[::ffff:7f00:1]'],
  ])('has the host of %s in its usual notation: %s', (url, host) => {
    expect(webhookTarget(url).host).toBe(host);
  });
});

describe('what is not a notify_url', () => {
  test.each([
    ['', 'absolute URL'],
    ['/hooks', 'absolute URL'],
    ['example.com', 'absolute URL'],
    ['http://', 'absolute URL'],
    ['http://[::1', 'absolute URL'],
    ['http://1.2.3.4.5/', 'absolute URL'],
    ['http://example.com:99999/', 'absolute URL'],
    ['ftp://example.com/', 'ftp'],
    ['file:///etc/passwd', 'file'],
    ['javascript:alert(1)', 'javascript'],
    [`http://example.com/${'a'.repeat(2048)}`, '2048'],
    ['http://%zz@example.com/', '%'],
  ])('%j is refused, saying why', (url, why) => {
    expect(() => webhookTarget(url)).toThrow(UnusableUrlError);
    expect(() => webhookTarget(url)).toThrow(why);
  });

  test('a password does not get into the message', () => {
    expect(() => webhookTarget('ftp://user:secret@example.com/')).not.toThrow('secret');
  });
});

describe('the trace context of a webhook', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  test('a trace context is handed on to the receiver', () => {
    expect(traceHeader({ traceparent, ce_id: 'x' })).toEqual({ traceparent });
  });

  test.each([undefined, '', 'abc', `${traceparent}\r\nx-evil: 1`, traceparent.toUpperCase()])('%j is not', (header) => {
    expect(traceHeader(header === undefined ? {} : { traceparent: header })).toEqual({});
  });
});
