import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawnService, type ServiceUnderTest } from '@nask/testkit';
import { answerOf, openSurroundings, post, type Surroundings } from '../fixtures/surroundings.ts';

jest.setTimeout(120_000);

describe('task ids', () => {
  const gateways: ServiceUnderTest[] = [];
  let around: Surroundings;

  beforeAll(async () => {
    around = await openSurroundings('gateway-ids');
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await around.close();
  });

  async function spawnGateway(name: string): Promise<ServiceUnderTest> {
    const env = { ...around.env, GATEWAY_NAME: name, ACCESS_LOG_LEVEL: 'off' };
    const gateway = await spawnService('gateway', env);
    gateways.push(gateway);
    return gateway;
  }

  /** So many tasks posted to each gateway at once. */
  function burst(count: number): Promise<number[]> {
    const posts = gateways.flatMap(({ url }) =>
      Array.from({ length: count }, () => answerOf(post(url, { type: 'prime', payload: { input: 1 } }))),
    );
    return Promise.all(
      posts.map(async (answer) => {
        const [status, task] = await answer;
        expect(status).toBe(202);
        return task['id'] as number;
      }),
    );
  }

  test('are given once: by several gateways, over several leases, after kill -9 too; each is the key of its event', async () => {
    const [killed] = [await spawnGateway('one'), await spawnGateway('two')];
    const before = await burst(1_200);
    await killed.kill();
    await killed.start();
    const ids = [...before, ...(await burst(10))];
    expect(new Set(ids).size).toBe(2_420);
    const keys = (await around.requested()).map(({ key }) => Number(key));
    expect(keys.toSorted((one, other) => one - other)).toEqual(ids.toSorted((one, other) => one - other));
  });

  test('that would repeat stop a gateway at its start, with the reason', async () => {
    await around.store({ _id: 5_000_000, status: 'PENDING' });
    await expect(spawnGateway('three')).rejects.toThrow('but ids up to 5000000 were given before');
  });
});
