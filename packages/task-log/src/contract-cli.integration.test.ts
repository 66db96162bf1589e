import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isolate, testServers } from '@nask/testkit';

const { brokers, registryUrl } = testServers();
const { topicPrefix } = isolate('contract-cli');

interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

function runContract(env: Record<string, string> = {}, command = ['contract-cli.ts']): Promise<Outcome> {
  const servers = { KAFKA_BROKERS: brokers.join(','), SCHEMA_REGISTRY_URL: registryUrl, TOPIC_PREFIX: topicPrefix };
  const options = { env: { PATH: process.env['PATH'], LOG_LEVEL: 'error', ...servers, ...env } };
  return new Promise((resolve) => {
    const [script = '', ...args] = command;
    execFile(
      process.execPath,
      ['--no-warnings', join(import.meta.dirname, script), ...args],
      options,
      (error, stdout, stderr) => {
        resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

describe('the contract command', () => {
  test('says what it did, and that there is nothing to do the second time', async () => {
    const first = await runContract();
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout).toMatch(new RegExp(`^created +topic +${topicPrefix}tasks\\.requested +12 partitions`, 'm'));
    const second = await runContract();
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toContain('Nothing to do');
  }, 60_000);

  test('says why it was refused, and fails', async () => {
    const { exitCode, stdout, stderr } = await runContract({ TOPIC_MIN_INSYNC_REPLICAS: '2' });
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('- min.insync.replicas is more than the replication factor');
  }, 60_000);

  test('names a setting that is wrong', async () => {
    const { exitCode, stderr } = await runContract({ TOPIC_PARTITIONS: 'many' });
    expect(exitCode).toBe(78);
    expect(stderr).toContain('TOPIC_PARTITIONS');
  }, 60_000);
});

describe('waiting for the contract', () => {
  const env = { TOPIC_PREFIX: isolate('await-contract').topicPrefix, CONTRACT_WAIT_MS: '3000' };

  test('fails while it is not there, names what is missing, and succeeds once it is applied', async () => {
    const before = await runContract(env, ['await-contract-cli.ts', 'notifier']);
    expect([before.exitCode, before.stderr]).toEqual([1, expect.stringContaining('tasks.completed')]);
    await runContract(env);
    for (const service of ['gateway', 'executor', 'notifier', 'projector'])
      expect(await runContract(env, ['await-contract-cli.ts', service])).toMatchObject({ exitCode: 0, stderr: '' });
  }, 60_000);

  test('refuses a service that there is not', async () => {
    // The scheduler is in reserved topics only.
    for (const service of ['waiter', 'scheduler']) {
      const { exitCode, stderr } = await runContract(env, ['await-contract-cli.ts', service]);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`"${service}" is none of gateway`)]);
    }
  }, 60_000);
});
