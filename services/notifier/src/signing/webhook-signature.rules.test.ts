import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { anyCharacter } from '@nask/testkit/any-text';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { createWebhookSigner, InvalidSecretError } from './webhook-signature.rules.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const newSecret = `whsec_${Buffer.alloc(24, 2).toString('base64')}`;
const otherSecret = `whsec_${Buffer.alloc(64, 3).toString('base64')}`;

// The library refuses timestamps more than five minutes away from now.
const message = { id: 'task_4_m0', timestampMs: Date.now(), body: '{"id":4,"result":"täsk"}' };

describe('a signed webhook', () => {
  test('is verified by the library of Standard Webhooks, whatever the body', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: anyCharacter }), (body) => {
        const headers = createWebhookSigner([secret]).headers({ ...message, body });
        expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
      }),
      { numRuns: 40 },
    );
  });

  test('is the signature that the specification shows', () => {
    const headers = createWebhookSigner(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']).headers({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampMs: 1_614_265_330_999,
      body: '{"test": 2432232314}',
    });
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('is verified by either secret while both are in use, and by no third', () => {
    const headers = createWebhookSigner([secret, newSecret]).headers(message);
    expect(new Webhook(secret).verify(message.body, headers)).toBeDefined();
    expect(new Webhook(newSecret).verify(message.body, headers)).toBeDefined();
    expect(() => new Webhook(otherSecret).verify(message.body, headers)).toThrow(WebhookVerificationError);
  });

  test.each(['webhook-id', 'webhook-timestamp', 'body'] as const)('is worth nothing when its %s is changed', (part) => {
    const headers = createWebhookSigner([secret]).headers(message);
    const changed = { ...headers, body: message.body, [part]: part === 'body' ? '{"id":5}' : `1${headers[part]}` };
    expect(() => new Webhook(secret).verify(changed.body, changed)).toThrow(WebhookVerificationError);
  });
});

describe('the secrets', () => {
  test('without one there is no signature, and the rest of the headers', () => {
    const signer = createWebhookSigner([]);
    expect(signer.signs).toBe(false);
    expect(signer.headers({ ...message, timestampMs: 1500 })).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1',
    });
  });

  test.each([
    ['another prefix', secret.replace('whsec_', 'whpk_'), 'begin with whsec_'],
    ['no base64', 'whsec_!!!!', 'base64'],
    ['nothing', 'whsec_', 'base64'],
    ['23 bytes', `whsec_${Buffer.alloc(23).toString('base64')}`, '23 bytes'],
    ['65 bytes', `whsec_${Buffer.alloc(65).toString('base64')}`, '65 bytes'],
  ])('one with %s is refused, by its place and not by its text', (_, faulty, problem) => {
    const create = (): unknown => createWebhookSigner([secret, faulty]);
    expect(create).toThrow(InvalidSecretError);
    expect(create).toThrow(problem);
    expect(create).toThrow('secret 2');
  });
});
