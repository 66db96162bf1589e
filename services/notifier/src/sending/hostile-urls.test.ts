import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAddressPolicy } from './address-policy.rules.ts';
import { UnusableUrlError, webhookTarget } from './webhook.rules.ts';
import { startReceiver, type Receiver } from '../fixtures/receiver.ts';
import type { HostResolver } from './guarded-connector.ts';
import { createHttpSender, type HttpSender } from './http-sender.ts';

/** What the names in this test resolve to. */
const addresses: Record<string, string[]> = {
  'loopback.example': ['127.0.0.1'],
  'loopback6.example': ['::1'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'private.example': ['10.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'one-of-many.example': ['8.8.8.8', '1.1.1.1', '127.0.0.1'],
  'one-of-both.example': ['8.8.8.8', '::1'],
  'nat64.example': ['64:ff9b::7f00:1'],
  'zone.example': ['fe80::1%lo'],
  'nonsense.example': ['not an address'],
  '127.0.0.1.nip.io': ['127.0.0.1'],
  'xn--example-o84d.com': ['127.0.0.1'],
  'metadata.google.internal': ['169.254.169.254'],
  localhost: ['127.0.0.1', '::1'],
  'localhost.': ['127.0.0.1'],
  'a.localhost': ['127.0.0.1'],
  'kubernetes.default.svc': ['10.96.0.1'],
};

const resolve: HostResolver = (host) => {
  const known = addresses[host];
  if (known === undefined) return Promise.reject(new Error(`This test has no address for ${host}`));
  return Promise.resolve(known.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
};

/** PORT is that of a receiver on 127.0.0.1 and of none that may be reached. */
const refusedByAddress = [
  // Loopback in every notation of IPv4.
  'http://127.0.0.1:PORT/',
  'https://127.0.0.1:PORT/',
  'http://127.0.0.1.:PORT/',
  'http://127.1:PORT/',
  'http://127.0.1:PORT/',
  'http://127.255.255.254:PORT/',
  'http://2130706433:PORT/',
  'http://017700000001:PORT/',
  'http://0x7f000001:PORT/',
  'http://0x7f.0x0.0x0.0x1:PORT/',
  'http://0177.0.0.01:PORT/',
  'http://0x7f.1:PORT/',
  'http://0177.0x0.1:PORT/',
  'http://00000177.00000000.0.1:PORT/',
  'http://①②⑦.⓪.⓪.①:PORT/',
  'http://127。0。0。1:PORT/',
  'http://%31%32%37.0.0.1:PORT/',
  'http://1\t27.0.0\n.1:PORT/',
  'http:\\\\127.0.0.1:PORT\\',
  'http:127.0.0.1:PORT',
  ' http://127.0.0.1:PORT/ ',
  'HTTP://127.0.0.1:PORT/',
  // A host that only looks like another.
  'http://example.com@127.0.0.1:PORT/',
  'http://example.com:80@127.0.0.1:PORT/',
  'http://127.0.0.1:PORT#@example.com/',
  'http://127.0.0.1:PORT?@example.com/',
  'http://127.0.0.1:PORT\\@example.com/',
  'http://8.8.8.8%40@127.0.0.1:PORT/',
  // "This host", private, shared, link-local, metadata, reserved, multicast.
  'http://0.0.0.0:PORT/',
  'http://0:PORT/',
  'http://10.0.0.1/',
  'http://012.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.0.1:8443/',
  'http://3232235777/',
  'http://100.64.0.1/',
  'http://100.100.100.200/latest/meta-data/',
  'http://169.254.169.254/latest/meta-data/',
  'http://0xa9fea9fe/latest/meta-data/',
  'http://2852039166/computeMetadata/v1/',
  'http://169.254.170.2/v2/credentials/',
  'http://168.63.129.16/machine/',
  'http://192.0.0.192/opc/v2/',
  'http://198.18.0.1/',
  'http://203.0.113.1/',
  'http://224.0.0.1/',
  'http://240.0.0.1/',
  'http://255.255.255.255/',
  // IPv6, and IPv4 inside it.
  'http://[::1]:PORT/',
  'http://[0:0:0:0:0:0:0:1]:PORT/',
  'http://[::]:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://[::ffff:7f00:1]:PORT/',
  'http://[0:0:0:0:0:ffff:7f00:0001]:PORT/',
  'http://[::127.0.0.1]:PORT/',
  'http://[::ffff:0:127.0.0.1]:PORT/',
  'http://[64:ff9b::127.0.0.1]:PORT/',
  'http://[64:ff9b:1::127.0.0.1]:PORT/',
  'http://[2002:7f00:1::]:PORT/',
  'http://[2001:0:7f00:1::]:PORT/',
  'http://[2606:4700::5efe:127.0.0.1]:PORT/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'http://[fe80::1]:PORT/',
  'http://[fec0::1]:PORT/',
  'http://[ff02::1]:PORT/',
  'http://[2001:db8::1]/',
  // Names.
  'http://localhost:PORT/',
  'http://LOCALHOST:PORT/',
  'http://localhost.:PORT/',
  'http://a.localhost:PORT/',
  'http://loopback.example:PORT/',
  'http://loopback6.example:PORT/',
  'http://mapped.example:PORT/',
  'http://private.example/',
  'http://metadata.example/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://kubernetes.default.svc/',
  'http://one-of-many.example:PORT/',
  'http://one-of-both.example:PORT/',
  'http://nat64.example:PORT/',
  'http://zone.example:PORT/',
  'http://nonsense.example:PORT/',
  'http://127.0.0.1.nip.io:PORT/',
];

const refusedByForm = [
  'ftp://127.0.0.1:PORT/',
  'gopher://127.0.0.1:PORT/_POST',
  'file:///etc/passwd',
  'dict://127.0.0.1:PORT/',
  'ws://127.0.0.1:PORT/',
  'javascript:fetch("http://127.0.0.1:PORT")',
  'data:text/plain,hello',
  'unix:/run/docker.sock',
  'http+unix://%2Frun%2Fdocker.sock/',
  '//127.0.0.1:PORT/',
  '127.0.0.1:PORT',
  'http://',
  'http://127.0.0.1:PORT:80/',
  'http://127.0.0.1%00.example.com:PORT/',
  'http://127.0.0.256:PORT/',
  'http://127.0.0.0.1:PORT/',
  'http://[::1%25lo]:PORT/',
  'http://[127.0.0.1]:PORT/',
  'http://[::ffff:127.0.0.1:PORT/',
];

let canary: Receiver;
let sender: HttpSender;

beforeAll(async () => {
  canary = await startReceiver();
  sender = createSender([], resolve);
});

afterAll(async () => {
  await sender.close();
  await canary[Symbol.asyncDispose]();
});

describe('a hostile URL', () => {
  test('is one of over 60', () => {
    expect(new Set([...refusedByAddress, ...refusedByForm]).size).toBeGreaterThan(60);
  });

  test.each(refusedByAddress)('%j is refused for its address', async (url) => {
    const result = await post(sender, withPort(url, canary));
    expect(result).toEqual({ kind: 'forbidden', network: expect.any(String) });
    expect(canary.connections()).toBe(0);
  });

  test.each(refusedByForm)('%j is refused for its form', (url) => {
    expect(() => webhookTarget(withPort(url, canary))).toThrow(UnusableUrlError);
  });
});

describe('the same URLs, when the allow-list names the network', () => {
  test.each([
    'http://127.0.0.1:PORT/',
    'http://2130706433:PORT/',
    'http://loopback.example:PORT/',
    'http://example.com@127.0.0.1:PORT/',
    'http://localhost:PORT/',
  ])('%j is delivered', async (url) => {
    await using receiver = await startReceiver();
    const allowing = createSender(['127.0.0.0/8', '::1/128'], resolve);
    expect(await post(allowing, withPort(url, receiver))).toEqual({ kind: 'accepted', status: 200 });
    await allowing.close();
  });
});

describe('a name whose address changes between look-ups', () => {
  /** The first look-up gives the first address, and so on. */
  function changing(...answers: string[]) {
    const asked: string[] = [];
    const resolve: HostResolver = (host) => {
      const address = answers[asked.length] ?? 'asked too often';
      asked.push(host);
      return Promise.resolve([{ address, family: 4 }]);
    };
    return { asked, resolve };
  }

  test('is looked up once, and what was checked is what is connected to', async () => {
    await using receiver = await startReceiver(undefined, '127.0.0.2');
    const { asked, resolve } = changing('127.0.0.2', '127.0.0.1');
    const rebound = createSender(['127.0.0.2/32'], resolve);

    expect(await post(rebound, `http://rebind.example:${receiver.port}/`)).toMatchObject({ kind: 'accepted' });
    expect(receiver.requests).toMatchObject([{ headers: { host: `rebind.example:${receiver.port}` } }]);
    expect(asked).toEqual(['rebind.example']);
    await rebound.close();
  });

  test('is checked again for the next connection', async () => {
    await using receiver = await startReceiver(
      (response) => response.writeHead(200, { connection: 'close' }).end(),
      '127.0.0.2',
    );
    const { asked, resolve } = changing('127.0.0.2', '127.0.0.1');
    const rebound = createSender(['127.0.0.2/32'], resolve);

    const url = `http://rebind.example:${receiver.port}/`;
    expect(await post(rebound, url)).toMatchObject({ kind: 'accepted' });
    expect(await post(rebound, url)).toEqual({ kind: 'forbidden', network: 'loopback' });
    expect(asked).toHaveLength(2);
    await rebound.close();
  });

  test('is not tried at a forbidden address after an allowed one did not answer', async () => {
    const both = createSender(['127.0.0.2/32'], () =>
      Promise.resolve([
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]),
    );
    expect(await post(both, `http://rebind.example:${canary.port}/`)).toEqual({
      kind: 'forbidden',
      network: 'loopback',
    });
    expect(canary.connections()).toBe(0);
    await both.close();
  });
});

function createSender(allowedNetworks: string[], resolve: HostResolver): HttpSender {
  return createHttpSender({
    policy: createAddressPolicy(allowedNetworks),
    resolve,
    userAgent: 'nask-task/0.0.0',
    timeoutMs: 60_000,
    connectTimeoutMs: 60_000,
    keepAnswerBytes: 16,
    connectionsPerOrigin: 1,
    nowMs: () => 0,
  });
}

function withPort(url: string, { port }: Receiver): string {
  return url.replaceAll('PORT', String(port));
}

async function post(sender: HttpSender, url: string) {
  const headers = { 'webhook-id': 'task_4_m0', 'webhook-timestamp': '1' };
  return (await sender.send({ target: webhookTarget(url), headers, body: '{}' }, new AbortController().signal)).result;
}
