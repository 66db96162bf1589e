import { describe, expect, test } from '@jest/globals';
import { loadSettings } from '@nask/service';
import { settingsRules, settingsTable } from './config.ts';

const load = (env: Record<string, string>) => loadSettings(settingsTable, env, { rules: settingsRules });
const messageOf = (load: () => unknown): string => {
  try {
    return String(load());
  } catch (error) {
    return (error as Error).message;
  }
};
const key = `shop:read:${'0a'.repeat(32)}`;

describe('without a key', () => {
  test.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost'])('the gateway may listen on %s', (HOST) => {
    expect(load({ HOST }).HOST).toBe(HOST);
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', '1270.0.0.1', 'localhost.example.com'])(
    'it may not listen on %s, unless it is told so',
    (HOST) => {
      expect(() => load({ HOST })).toThrow('API_KEYS: none is set');
      expect(load({ HOST, ALLOW_ANONYMOUS: 'true' }).HOST).toBe(HOST);
      expect(load({ HOST, API_KEYS: key }).API_KEYS).toEqual([key]);
    },
  );
});

test.each([
  ['shop:read:my-secret-key', 'entry 1 with a wrong hash (SHA-256 of the key, 64 hexadecimal digits)'],
  [`${key}, shop:reed+my-secret:${'0a'.repeat(32)}`, 'entry 2 with wrong scopes (read, write, admin, with + between'],
  [`a shop:read:${'0a'.repeat(32)}`, 'entry 1 with a wrong name'],
  ['my-secret-key', 'entry 1 with 1 of 3 parts (name:scopes:hash)'],
])('of a wrong key the entry and its wrong part are shown, and none of its text', (API_KEYS, fault) => {
  const message = messageOf(() => load({ API_KEYS }));
  expect(message).toContain(`API_KEYS: expected 0 to 1000 name:scopes:hash, separated by commas, got ${fault}`);
  expect(message).not.toMatch(/my-secret|0a0a/);
});

test('pages of all origins without a key need a word for it', () => {
  expect(() => load({ CORS_ORIGINS: '*' })).toThrow('CORS_ORIGINS: * without API_KEYS');
  expect(load({ CORS_ORIGINS: '*', ALLOW_ANONYMOUS: 'true' }).CORS_ORIGINS).toEqual(['*']);
  expect(load({ CORS_ORIGINS: '*', API_KEYS: key }).CORS_ORIGINS).toEqual(['*']);
});

test.each(['tasks.example.com:8000', 'https://tasks.example.com', '*', '[::1]', 'a/b'])(
  'the allowed host %s is refused: a name has no port, scheme or wildcard',
  (host) => {
    expect(() => load({ ALLOWED_HOSTS: host })).toThrow('ALLOWED_HOSTS');
    expect(load({ ALLOWED_HOSTS: `gateway,Tasks.Example.com.` }).ALLOWED_HOSTS).toHaveLength(2);
  },
);

test('names and origins are kept in the form that browsers send', () => {
  expect(load({ ALLOWED_HOSTS: 'bücher.example, Tasks.Example.com' }).ALLOWED_HOSTS).toEqual([
    'xn--bcher-kva.example',
    'tasks.example.com',
  ]);
  const CORS_ORIGINS =
    'https://Console.example.com, HTTPS://x.example:443, http://x.example:443, https://bücher.example';
  expect(load({ CORS_ORIGINS }).CORS_ORIGINS).toEqual([
    'https://console.example.com',
    'https://x.example',
    'http://x.example:443',
    'https://xn--bcher-kva.example',
  ]);
  expect(() => load({ CORS_ORIGINS: 'https://x.example:99999' })).toThrow('CORS_ORIGINS');
});

test('origins are schemes with hosts', () => {
  expect(load({ CORS_ORIGINS: 'https://a.example, http://localhost:3000' }).CORS_ORIGINS).toHaveLength(2);
  expect(() => load({ CORS_ORIGINS: 'https://a.example/' })).toThrow('CORS_ORIGINS');
});
