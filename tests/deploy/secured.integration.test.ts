import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { connectKafka } from '@nask/kafka';
import { createLogger } from '@nask/service';
import {
  eventually,
  guardRegistry,
  isolate,
  makeCertificates,
  spawnService,
  startSecuredKafka,
  startSecuredStore,
  testServers,
  webhookReceiver,
} from '@nask/testkit';
import { allow, type AccessRule } from '../../packages/kafka/testing/access-rules.ts';
import { startSystem, systemEnv, type System } from '../e2e/system.ts';

/** Users and rights as production has them. */
const usersFile = join(import.meta.dirname, '..', '..', 'k8s', 'overlays', 'production', 'kafka-users.yaml');
interface KafkaUser {
  metadata: { name: string };
  spec: { authorization: { acls: AccessRule[] } };
}
const users = parseAllDocuments(readFileSync(usersFile, 'utf8')).map((document) => document.toJS() as KafkaUser);

const passwordOf = (name: string) => `password of ${name}, with = and "`.replaceAll(/[ ,="]/g, '-');
const byPassword = ['nask-contract', 'nask-gateway', 'nask-executor'];
const byCertificate = ['nask-notifier', 'nask-projector'];

const isolation = isolate('secured');
const closers: (() => Promise<void> | void)[] = [];
let system: System;
let kafkaAddress: { saslAddress: string; mtlsAddress: string };
let settings: Record<string, string>;

function saslSettings(user: string, password = passwordOf(user)): Record<string, string> {
  return {
    KAFKA_BROKERS: kafkaAddress.saslAddress,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD: password,
  };
}

beforeAll(async () => {
  const certificates = makeCertificates();
  closers.push(() => certificates.remove());
  const closing = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    closers.push(() => started.close());
    return started;
  };
  const passwords = Object.fromEntries(byPassword.map((name) => [name, passwordOf(name)]));
  const kafka = await closing(startSecuredKafka({ certificates, users: passwords }));
  const store = await closing(startSecuredStore({ certificates, username: 'nask', password: 'p@ss/word' }));
  const registry = await closing(guardRegistry(testServers().registryUrl, { username: 'nask', password: 'p:ss' }));
  kafkaAddress = kafka;
  const principalOf = (name: string) => (byCertificate.includes(name) ? `User:CN=${name}` : `User:${name}`);
  const logger = createLogger({ service: 'test', level: 'silent' });
  await allow(
    connectKafka({ brokers: [kafka.address], clientId: 'test', logger }),
    new Map(users.map(({ metadata, spec }) => [principalOf(metadata.name), spec.authorization.acls])),
  );

  settings = {
    // The rights are for the names of production.
    TOPIC_PREFIX: '',
    TOPIC_PARTITIONS: '3',
    KAFKA_TLS: 'true',
    KAFKA_TLS_CA_FILE: certificates.caFile,
    SCHEMA_REGISTRY_USERNAME: 'nask',
    SCHEMA_REGISTRY_PASSWORD: 'p:ss',
    MONGODB_USERNAME: 'nask',
    MONGODB_PASSWORD: 'p@ss/word',
    MONGODB_TLS: 'true',
    MONGODB_TLS_CA_FILE: certificates.caFile,
  };
  const mtlsSettings = (user: string): Record<string, string> => {
    const { certFile, keyFile } = certificates.client(user);
    return {
      KAFKA_BROKERS: kafka.mtlsAddress,
      KAFKA_TLS_CERT_FILE: certFile,
      KAFKA_TLS_KEY_FILE: keyFile,
    };
  };
  const servers = {
    brokers: [kafka.saslAddress],
    registryUrl: registry.url,
    mongoUrl: `mongodb://127.0.0.1:${store.port}/?directConnection=true`,
  };
  system = await startSystem(isolation, servers, settings, {
    contract: saslSettings('nask-contract'),
    gateway: saslSettings('nask-gateway'),
    executor: saslSettings('nask-executor'),
    notifier: mtlsSettings('nask-notifier'),
    projector: mtlsSettings('nask-projector'),
  });
  closers.push(() => system.close());
}, 180_000);

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
}, 60_000);

describe('a system whose servers ask everybody who he is', () => {
  test('runs a task from its POST to its webhook with the rights that production gives, and no more', async () => {
    const receiver = await webhookReceiver();
    closers.push(() => receiver.close());
    const { body } = await system.client.post({ type: 'prime', notify_url: receiver.url, payload: { input: 100 } });
    const webhook = await receiver.waitFor(({ json }) => (json as { id: number }).id === body.id);
    expect(webhook.json).toMatchObject({ id: body.id, status: 'SUCCESS', result: 541 });
    await eventually(async () => expect((await system.client.get(body.id)).body.result).toBe(541));
  }, 60_000);

  test('no password is in any log', () => {
    const secrets = [passwordOf('nask-gateway'), passwordOf('nask-executor'), 'p@ss/word', 'p%40ss', 'p:ss'];
    for (const name of ['gateway', 'executor', 'notifier', 'projector'] as const)
      for (const secret of secrets) expect(system.service(name).log()).not.toContain(secret);
  });

  test('a service with a wrong password does not start, and its log says why', async () => {
    const servers = { brokers: [], registryUrl: testServers().registryUrl, mongoUrl: testServers().mongoUrl };
    const env = { ...systemEnv(isolation, servers, settings), ...saslSettings('nask-gateway', 'wrong') };
    await expect(spawnService('gateway', env, { startTimeoutMs: 6_000 })).rejects.toThrow(/authentication/i);
  }, 60_000);
});
