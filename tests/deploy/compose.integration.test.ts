import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { composeFaults, composeFile, readCompose, type Compose } from './compose.ts';

const folder = mkdtempSync(join(tmpdir(), 'nask-compose-'));
let compose: Compose;

beforeAll(async () => {
  compose = await readCompose(composeFile);
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true }));

/** The file with something replaced, which must be in it. */
function changed(what: string, by: string): string {
  const text = readFileSync(composeFile, 'utf8');
  if (!text.includes(what)) throw new Error(`docker-compose.yml has no ${what}`);
  const file = join(folder, 'docker-compose.yml');
  writeFileSync(file, text.replace(what, by));
  return file;
}

describe('docker-compose.yml', () => {
  test('is what Compose takes, and fits together', () => {
    expect(composeFaults(compose)).toEqual([]);
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining([
        'kafka',
        'registry',
        'mongo',
        'kafka-ui',
        'contract',
        'gateway',
        'prometheus',
        'grafana',
      ]),
    );
  });

  test('keeps what has to last in named volumes', () => {
    for (const name of ['kafka', 'registry-database', 'mongo'])
      expect(compose.services[name]!.volumes).toContainEqual(expect.objectContaining({ type: 'volume' }));
  });

  test('shows the events in Kafka UI as what they say, and lets nobody change them', () => {
    expect(compose.services['kafka-ui']!.environment).toMatchObject({
      KAFKA_CLUSTERS_0_DEFAULTVALUESERDE: 'SchemaRegistry',
      KAFKA_CLUSTERS_0_READONLY: 'true',
    });
  });

  test.each([
    ['  kafka:\n    image:', '  kafka:\n    imagee:', /imagee/],
    ['condition: service_healthy', 'condition: healthy', /condition|depends_on/],
  ])('Compose refuses it with %j as %j', async (what, by, fault) => {
    await expect(readCompose(changed(what, by))).rejects.toThrow(fault);
  });

  test.each([
    ['apache/kafka:4.3.1', 'apache/kafka', 'not pinned'],
    ['KAFKA_BROKERS: kafka:9092', 'KAFKA_BROKER: kafka:9092', 'KAFKA_BROKER is no setting'],
    ['KAFKA_MAX_COMMIT_METADATA: 65536', 'KAFKA_MAX_COMMIT_METADATA: 1', 'KAFKA_MAX_COMMIT_METADATA=1 is not'],
    ['[services/executor/src/main.ts]', '[services/worker/src/main.ts]', 'is no program of the image'],
    ["'${NASK_BIND:-127.0.0.1}:${NASK_PORT:-8000}:8000'", "'8000:8000'", 'is open to everybody'],
    ["volumes: ['kafka:/var/lib", "volumes: ['kafkaa:/var/lib", 'there is no volume kafkaa'],
    ['${ALLOW_ANONYMOUS:-true}', '${ALLOW_ANONYMOUS:-false}', 'everybody who reaches HOST 0.0.0.0'],
    ['${ALLOWED_HOSTS:-gateway}', '${ALLOWED_HOSTS:-}', 'does not serve the host gateway'],
    ['<<: [*log, *read-model, *retention]', '<<: [*log, *read-model]', 'is not told RETENTION_DAYS'],
    ['read_only: true', 'read_only: false', 'can write its root file system'],
    ['stop_grace_period: 35s', 'stop_grace_period: 20s', 'may still drain'],
    [
      'contract: { condition: service_completed_successfully }',
      'contract: { condition: service_started }',
      'wait for the contract',
    ],
  ])('a fault is found: %j as %j', async (what, by, fault) => {
    expect(composeFaults(await readCompose(changed(what, by))).join('\n')).toContain(fault);
  });
});
