import { expect, test } from '@jest/globals';
import { opsPort, opsSettings } from './common-settings.ts';
import { kafkaSettings, mongoSettings, registrySettings } from './server-settings.ts';
import { loadSettings, SettingsError } from './load-settings.ts';

const table = { ...kafkaSettings, ...registrySettings, ...mongoSettings, ...opsSettings, OPS_PORT: opsPort(9101) };

test('a local system needs no setting', () => {
  expect(loadSettings(table, {})).toEqual({
    KAFKA_BROKERS: ['127.0.0.1:9092'],
    TOPIC_PREFIX: '',
    KAFKA_TLS: false,
    KAFKA_SASL_MECHANISM: 'none',
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081/apis/ccompat/v7',
    MONGODB_URL: 'mongodb://127.0.0.1:27017',
    MONGODB_DATABASE: 'nask',
    MONGODB_TLS: false,
    OPS_HOST: '127.0.0.1',
    OPS_PORT: 9101,
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'auto',
    SHUTDOWN_GRACE_MS: 25_000,
  });
});

test.each([
  ['KAFKA_BROKERS', 'kafka'],
  ['KAFKA_BROKERS', 'kafka:9092,http://kafka:9092'],
  ['TOPIC_PREFIX', 'a/b'],
  ['SCHEMA_REGISTRY_URL', '127.0.0.1:8081'],
  ['MONGODB_URL', 'http://127.0.0.1:27017'],
  ['MONGODB_DATABASE', 'a.b'],
  ['SHUTDOWN_GRACE_MS', '25s'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => loadSettings(table, { [name]: value })).toThrow(SettingsError);
  expect(() => loadSettings(table, { [name]: value })).toThrow(`${name}: expected`);
});

test('brokers may have IPv6 addresses', () => {
  expect(loadSettings(kafkaSettings, { KAFKA_BROKERS: '[::1]:9092,b-2.example:9093' }).KAFKA_BROKERS).toHaveLength(2);
});
