import { describe, expect, test } from '@jest/globals';
import { loadSettings, SettingsError } from '@nask/service';
import { settingsRules, settingsTable } from './config.ts';

function load(env: Record<string, string>) {
  return loadSettings(settingsTable, env, { rules: settingsRules });
}

describe('the settings', () => {
  test('are complete without any variable: nothing is signed and no private network is allowed', () => {
    expect(load({})).toMatchObject({ WEBHOOK_SECRETS: [], WEBHOOK_ALLOWED_NETWORKS: [], NOTIFY_TIMEOUT_MS: 15_000 });
  });

  test('take several secrets and networks', () => {
    const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
    const settings = load({ WEBHOOK_SECRETS: `${secret}, ${secret}`, WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128' });
    expect(settings.WEBHOOK_SECRETS).toEqual([secret, secret]);
    expect(settings.WEBHOOK_ALLOWED_NETWORKS).toEqual(['127.0.0.0/8', '::1/128']);
  });

  test.each([
    [{ WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0' }, 'WEBHOOK_ALLOWED_NETWORKS: "10.0.0.0" is not a network'],
    [{ WEBHOOK_SECRETS: 'whsec_c2hvcnQ=' }, 'WEBHOOK_SECRETS: secret 1 has 5 bytes'],
    [{ NOTIFY_RETRY_DELAYS_MS: '1s' }, 'NOTIFY_RETRY_DELAYS_MS'],
    [{ NOTIFY_CONNECT_TIMEOUT_MS: '200', NOTIFY_TIMEOUT_MS: '100' }, 'at most NOTIFY_TIMEOUT_MS (100)'],
    [{ NOTIFY_RETRY_DELAYS_MS: '5000,1000' }, 'NOTIFY_RETRY_DELAYS_MS: expected delays that ascend'],
    [{ NOTIFY_RETRY_DELAYS_MS: '1,2,3,4,5' }, 'NOTIFY_RETRY_DELAYS_MS: expected 1 to 4'],
    [{ NOTIFIER_MAX_HELD: '5' }, 'NOTIFIER_MAX_HELD: expected at least NOTIFIER_MAX_IN_FLIGHT (1024)'],
  ])('%j is refused, saying what is wrong', (env, fault) => {
    expect(() => load(env)).toThrow(SettingsError);
    expect(() => load(env)).toThrow(fault);
  });

  test('a wrong secret is not shown', () => {
    expect(() => load({ WEBHOOK_SECRETS: 'my-secret' })).not.toThrow('my-secret');
  });
});
