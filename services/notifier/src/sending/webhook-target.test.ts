import { describe, expect, test } from '@jest/globals';
import { UnusableUrlError, webhookTarget } from './webhook-target.ts';

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
