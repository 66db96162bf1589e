import { describe, expect, test } from '@jest/globals';
import {
  kafkaAccess,
  kafkaRules,
  kafkaSettings,
  mongoCredentials,
  mongoRules,
  mongoSettings,
  registryAccess,
  registryRules,
  registrySettings,
} from './server-settings.ts';
import { effectiveSettings, loadSettings } from './load-settings.ts';

const table = { ...kafkaSettings, ...registrySettings, ...mongoSettings };
const load = (env: Record<string, string>) =>
  loadSettings(table, env, { rules: [...kafkaRules, ...registryRules, ...mongoRules] });
/** A file that can be read, whatever is in it. */
const file = import.meta.filename;

describe('the settings of who gets in', () => {
  test('without any, connections are open', () => {
    const settings = load({});
    expect(kafkaAccess(settings)).toEqual({ brokers: ['127.0.0.1:9092'], topicPrefix: '' });
    expect(registryAccess(settings)).toEqual({ registryUrl: 'http://127.0.0.1:8081/apis/ccompat/v7' });
    expect(mongoCredentials(settings)).toEqual({});
  });

  test('all of them reach their clients', () => {
    const settings = load({
      KAFKA_TLS: 'true',
      KAFKA_TLS_CA_FILE: file,
      KAFKA_TLS_CERT_FILE: file,
      KAFKA_TLS_KEY_FILE: file,
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'a',
      KAFKA_SASL_PASSWORD: 'b',
      SCHEMA_REGISTRY_USERNAME: 'c',
      SCHEMA_REGISTRY_PASSWORD: 'd',
      MONGODB_USERNAME: 'e',
      MONGODB_PASSWORD: 'f',
      MONGODB_TLS: 'true',
      MONGODB_TLS_CA_FILE: file,
      MONGODB_TLS_CERT_KEY_FILE: file,
    });
    const pem = expect.stringContaining('import');
    expect(kafkaAccess(settings)).toMatchObject({
      tls: { ca: pem, cert: pem, key: pem },
      sasl: { mechanism: 'scram-sha-512', username: 'a', password: 'b' },
    });
    expect(registryAccess(settings).auth).toEqual({ username: 'c', password: 'd' });
    expect(mongoCredentials(settings)).toEqual({
      auth: { username: 'e', password: 'f' },
      tls: true,
      tlsCAFile: file,
      tlsCertificateKeyFile: file,
    });
  });

  test.each<[why: string, env: Record<string, string>, fault: string]>([
    ['a certificate without its key', { KAFKA_TLS: 'true', KAFKA_TLS_CERT_FILE: file }, 'KAFKA_TLS_KEY_FILE: expected'],
    ['an authority without TLS', { KAFKA_TLS_CA_FILE: file }, 'KAFKA_TLS: expected true'],
    [
      'a name without a mechanism',
      { KAFKA_SASL_USERNAME: 'a', KAFKA_SASL_PASSWORD: 'b' },
      'KAFKA_SASL_MECHANISM: expected a mechanism',
    ],
    ['a mechanism without a name', { KAFKA_SASL_MECHANISM: 'scram-sha-512' }, 'KAFKA_SASL_MECHANISM: expected'],
    [
      'a password in the clear',
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'a', KAFKA_SASL_PASSWORD: 'b' },
      'got plain',
    ],
    ['a file that is not there', { KAFKA_TLS: '1', KAFKA_TLS_CA_FILE: '/no/such/file' }, '/no/such/file (ENOENT)'],
    ['a password without a name', { SCHEMA_REGISTRY_PASSWORD: 'b' }, 'SCHEMA_REGISTRY_USERNAME: expected a value'],
    ['a name without a password', { MONGODB_USERNAME: 'a' }, 'MONGODB_PASSWORD: expected a value'],
    ['an authority of MongoDB without TLS', { MONGODB_TLS_CA_FILE: file }, 'MONGODB_TLS: expected true'],
  ])('%s is refused', (_why, env, fault) => {
    expect(() => load(env)).toThrow(fault);
  });

  test('no password is shown', () => {
    const shown = effectiveSettings(table, load({ MONGODB_USERNAME: 'e', MONGODB_PASSWORD: 'hidden' }));
    expect(JSON.stringify(shown)).not.toContain('hidden');
    expect(shown.MONGODB_PASSWORD).toBe('set');
  });
});
