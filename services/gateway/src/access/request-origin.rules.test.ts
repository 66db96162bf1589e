import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHostCheck, createOriginCheck, parseHost } from './request-origin.rules.ts';

const name = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
  fc.constant('localhost'),
);
const port = fc.option(fc.integer({ min: 0, max: 65_535 }).map(String), { nil: undefined });
const written = (host: string, port: string | undefined) => (port === undefined ? host : `${host}:${port}`);

describe('a Host header', () => {
  test('is parsed in any case, with and without a port and a trailing dot', () => {
    fc.assert(
      fc.property(name, port, fc.boolean(), (host, port, isUpper) => {
        const text = isUpper ? host.toUpperCase() : host;
        const expected = { name: host.toLowerCase(), port };
        expect(parseHost(written(text, port))).toEqual(expected);
        if (!host.startsWith('[')) expect(parseHost(written(`${text}.`, port))).toEqual(expected);
      }),
    );
  });

  test('that is no host is refused, and any text has an answer', () => {
    for (const text of [
      '',
      ' ',
      ':80',
      'a b',
      'a:',
      'a:x',
      'a:123456',
      'a/b',
      'u@a',
      'a,b',
      '[::1',
      '::1',
      'a?',
      '[]',
      '[x]',
      'a'.repeat(300),
    ])
      expect([text, parseHost(text)]).toEqual([text, undefined]);
    fc.assert(fc.property(fc.string(), (text) => void parseHost(text)));
  });
});

describe('a gateway without keys', () => {
  const isServed = createHostCheck(['gateway', 'Tasks.Example.com.']);

  test.each([
    [
      'localhost',
      'LOCALHOST:8000',
      'localhost.',
      'api.localhost:8000',
      '127.0.0.1:8000',
      '10.1.2.3',
      '[::1]:8000',
      '[fe80::1]',
    ],
    ['gateway', 'GATEWAY.:8000', 'tasks.example.com', 'tasks.example.com:443'],
  ])('serves %s', (...hosts) => {
    expect(hosts.filter((host) => !isServed(host))).toEqual([]);
  });

  test.each([
    'evil.example',
    'evil.example:8000',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '1.2.3.4.5',
    'x.gateway',
    'gateway.evil.example',
    'localhost@evil.example',
    '::1',
    '',
  ])('does not serve %j', (host) => {
    expect(isServed(host)).toBe(false);
  });

  test('serves no other name, whatever its port and case', () => {
    const others = fc.domain().filter((host) => !/(^|\.)localhost$/i.test(host) && host !== 'tasks.example.com');
    fc.assert(fc.property(others, port, (host, port) => expect(isServed(written(host, port))).toBe(false)));
  });
});

describe('a request that may change something', () => {
  const check = createOriginCheck(['https://console.example.com']);
  const of = (host: string, origin?: string, secFetchSite?: string) => check({ host, origin, secFetchSite });

  test.each([
    ['localhost:8000', 'http://localhost:8000'],
    ['LOCALHOST:8000', 'http://localhost:8000'],
    ['[::1]:8000', 'http://[::1]:8000'],
    ['x', 'https://x'],
    ['x', 'http://x'],
    ['x:80', 'http://x'],
    ['x:443', 'https://x'],
    ['x', 'http://x:80'],
    ['x', 'https://x:443'],
    ['x:8443', 'https://x:8443'],
    ['x', 'https://console.example.com'],
  ])('passes at %s from a page of %s', (host, origin) => {
    expect(of(host, origin)).toBeUndefined();
    expect(of(host, origin, 'same-origin')).toBeUndefined();
  });

  test.each([
    ['localhost:8000', 'https://evil.example'],
    ['localhost:8000', 'http://localhost:3000'],
    ['localhost:8000', 'http://localhost'],
    ['localhost:8000', 'http://127.0.0.1:8000'],
    ['x:80', 'https://x'],
    ['x:443', 'http://x'],
    ['x', 'https://x:8443'],
    ['x', 'http://x.evil.example'],
    ['x', 'http://x/'],
    ['x', 'null'],
    ['x', ''],
    ['x', 'x'],
    ['x', 'http://x, http://x'],
    ['x', 'chrome-extension://x'],
    ['x', 'http://u@x'],
    ['x', 'https://console.example.com:8443'],
    ['x', 'http://console.example.com'],
    ['', 'http://'],
  ])('does not pass at %j from a page of %j', (host, origin) => {
    expect(of(host, origin)).toBe('Origin');
    expect(of(host, origin, 'same-site')).toBe('Origin');
  });

  test('passes without the headers of a browser, and from a page of the same origin alone', () => {
    expect(of('x')).toBeUndefined();
    for (const site of ['same-origin', 'same-site', 'none']) expect(of('x', undefined, site)).toBeUndefined();
    expect(of('x', undefined, 'cross-site')).toBe('Sec-Fetch-Site');
    expect(of('x', 'http://x', 'cross-site')).toBe('Sec-Fetch-Site');
    expect(of('x', 'https://console.example.com', 'cross-site')).toBeUndefined();
  });

  test('passes from any page where * is allowed', () => {
    const any = createOriginCheck(['*']);
    expect(any({ host: 'x', origin: 'https://evil.example', secFetchSite: 'cross-site' })).toBeUndefined();
    expect(any({ host: 'x', origin: 'null', secFetchSite: 'cross-site' })).toBeUndefined();
  });

  test('passes for any origin at its own host, and for no two hosts that differ', () => {
    fc.assert(
      fc.property(name, name, port, fc.constantFrom('http', 'https'), (host, other, port, scheme) => {
        expect(of(written(host, port), `${scheme}://${written(host, port)}`)).toBeUndefined();
        fc.pre(host.toLowerCase() !== other.toLowerCase());
        expect(of(written(host, port), `${scheme}://${written(other, port)}`)).toBe('Origin');
      }),
    );
  });
});
