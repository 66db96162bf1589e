/**
 * `npm run test:schemathesis`: tries to break the API with what /openapi.json says of it, against a gateway and a
 * projector on real servers (its own ones, unless TEST_KAFKA_BROKERS and its like say otherwise). What follows is for
 * Schemathesis: `npm run test:schemathesis -- --phases fuzzing`. Ends with 1 when there is a finding.
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isolate, runContract, serviceEnv, spawnService, type TestServers } from '@nask/testkit';
import { withServers } from '../../bench/servers.ts';
import { pythonWith } from '../tools.ts';

/** @returns the exit code of Schemathesis */
async function testApi(servers: TestServers): Promise<number> {
  const python = await pythonWith('schemathesis', '4.32.5');
  const key = randomBytes(32).toString('hex');
  const env = {
    ...serviceEnv(isolate('schemathesis'), servers),
    // No executor runs, so what is waited for does not come.
    MAX_WAIT_S: '1',
    API_KEYS: `schemathesis:read+write+admin:${createHash('sha256').update(key).digest('hex')}`,
  };
  await runContract(env);
  const [gateway, projector] = await Promise.all([spawnService('gateway', env), spawnService('projector', env)]);
  // It writes what it found where it runs.
  const folder = await mkdtemp(join(tmpdir(), 'nask-schemathesis-'));
  try {
    const config = join(import.meta.dirname, 'schemathesis.toml');
    const run = ['run', `${gateway.url}/openapi.json`, '--checks', 'all', ...process.argv.slice(2)];
    const { status } = spawnSync(python, ['-m', 'schemathesis.cli', '--config-file', config, ...run], {
      cwd: folder,
      stdio: 'inherit',
      env: {
        ...process.env,
        NASK_API_KEY: key,
        SCHEMATHESIS_HOOKS: 'hooks',
        PYTHONPATH: import.meta.dirname,
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });
    return status ?? 1;
  } finally {
    await Promise.all([gateway.close(), projector.close(), rm(folder, { recursive: true })]);
  }
}

process.exitCode = await withServers(testApi);
