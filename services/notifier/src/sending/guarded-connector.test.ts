import { describe, expect, test } from '@jest/globals';
import { createHostResolver } from './guarded-connector.ts';

type Answer = string[] | string;

/** A resolver whose DNS servers give these answers; a string is an error code. The system answers with ::1. */
function resolverWith(v4: Answer, v6: Answer) {
  const asked: string[] = [];
  const ask = (source: string, answer: Answer) => (host: string) => {
    asked.push(`${source} ${host}`);
    return Array.isArray(answer)
      ? Promise.resolve(answer)
      : Promise.reject(Object.assign(new Error(), { code: answer }));
  };
  const resolve = createHostResolver({
    dns: { resolve4: ask('A', v4), resolve6: ask('AAAA', v6) } as never,
    system: (host) => {
      asked.push(`system ${host}`);
      return Promise.resolve([{ address: '::1', family: 6 }]);
    },
  });
  return { asked, resolve };
}

describe('the addresses of a host', () => {
  test('are all that DNS has, of both families', async () => {
    const { resolve, asked } = resolverWith(['192.0.2.1', '192.0.2.2'], ['2001:db8::1']);
    expect(await resolve('example.com')).toEqual([
      { address: '192.0.2.1', family: 4 },
      { address: '192.0.2.2', family: 4 },
      { address: '2001:db8::1', family: 6 },
    ]);
    expect(asked).toEqual(['A example.com', 'AAAA example.com']);
  });

  test.each([
    [['192.0.2.1'], 'ENODATA'],
    [['192.0.2.1'], 'ETIMEOUT'],
    ['ESERVFAIL', ['2001:db8::1']],
  ])('are those of one family when the other has none (%j, %j)', async (v4, v6) => {
    const { resolve } = resolverWith(v4, v6);
    expect(await resolve('example.com')).toHaveLength(1);
  });

  test('are what the system knows when DNS knows none', async () => {
    const { resolve, asked } = resolverWith('ENOTFOUND', 'ENOTFOUND');
    expect(await resolve('receiver.namespace')).toEqual([{ address: '::1', family: 6 }]);
    expect(asked).toContain('system receiver.namespace');
  });

  test('are not asked of the system, where a thread would wait, when a name server is slow', async () => {
    const { resolve, asked } = resolverWith('ETIMEOUT', 'ENODATA');
    await expect(resolve('slow.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(asked).not.toContain('system slow.example');
  });

  test.each(['localhost', 'localhost.', 'a.localhost', 'receiver'])(
    'of %s are asked of the system alone',
    async (host) => {
      const { resolve, asked } = resolverWith(['192.0.2.1'], []);
      await resolve(host);
      expect(asked).toEqual([`system ${host}`]);
    },
  );

  test('of localhost are loopback, with the resolvers of this machine', async () => {
    const addresses = await createHostResolver()('localhost');
    expect(addresses.map(({ address }) => address)).toContain('127.0.0.1');
  });
});
