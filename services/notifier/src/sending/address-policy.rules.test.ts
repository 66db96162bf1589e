import { describe, expect, test } from '@jest/globals';
import { createAddressPolicy, InvalidNetworkError } from './address-policy.rules.ts';

const publicOnly = createAddressPolicy([]);

describe('the address policy without an allow-list', () => {
  test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001::5efe:1'])(
    'allows %s: it is public',
    (address) => {
      expect(publicOnly.check(address)).toEqual({ allowed: true });
    },
  );

  test.each([
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['10.0.0.1', 'private'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['100.100.100.200', 'carrierGradeNat'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['168.63.129.16', 'metadata'],
    ['169.254.169.254', 'linkLocal'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.192', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['192.168.1.1', 'private'],
    ['198.18.0.1', 'reserved'],
    ['198.51.100.1', 'reserved'],
    ['203.0.113.1', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'not-global-unicast'],
    ['::ffff:127.0.0.1', 'ipv4Mapped'],
    ['::ffff:8.8.8.8', 'ipv4Mapped'],
    ['::ffff:0:10.0.0.1', 'rfc6145'],
    ['64:ff9b::7f00:1', 'rfc6052'],
    ['64:ff9b:1::a00:1', 'rfc6052'],
    ['100::1', 'discard'],
    ['2001::1', 'teredo'],
    ['2001:db8::1', 'reserved'],
    ['2002:7f00:1::', '6to4'],
    ['2606:4700::5efe:7f00:1', 'isatap'],
    ['2606:4700::200:5efe:a00:1', 'isatap'],
    ['3fff::1', 'reserved'],
    ['4000::1', 'not-global-unicast'],
    ['5f00::1', 'segmentRouting'],
    ['fc00::1', 'uniqueLocal'],
    ['fd00:ec2::254', 'uniqueLocal'],
    ['fe80::1', 'linkLocal'],
    ['fe80::1%eth0', 'linkLocal'],
    ['fec0::1', 'deprecatedSiteLocal'],
    ['ff02::1', 'multicast'],
  ])('refuses %s: %s', (address, network) => {
    expect(publicOnly.check(address)).toEqual({ allowed: false, network });
  });

  test.each(['', 'localhost', '8.8.8', '0x8.8.8.8', '010.8.8.8', '134744072', '8.8.8.8/32', ' 8.8.8.8', '[2606::1]'])(
    'refuses %j, which is not an address in its usual notation',
    (text) => {
      expect(publicOnly.check(text)).toEqual({ allowed: false, network: 'not-an-address' });
    },
  );
});

describe('the allow-list', () => {
  const policy = createAddressPolicy(['127.0.0.0/8', '10.1.0.0/16', 'fd00:1::/32']);

  test.each(['127.0.0.1', '127.9.9.9', '10.1.255.255', 'fd00:1::5', '8.8.8.8'])('lets %s through', (address) => {
    expect(policy.check(address)).toEqual({ allowed: true });
  });

  test.each(['10.2.0.1', 'fd00:2::1', '::1', '::ffff:127.0.0.1', '::ffff:10.1.0.1', '2002:7f00:1::'])(
    'names what it names and no more: %s stays refused',
    (address) => {
      expect(policy.check(address)).toMatchObject({ allowed: false });
    },
  );

  test.each(['10.0.0.0', '10.0.0.0/33', '0x0a.0.0.0/8', 'localhost', 'fd00::/129', ''])(
    'is refused when it has %j in it, which is not a network',
    (network) => {
      expect(() => createAddressPolicy(['10.0.0.0/8', network])).toThrow(InvalidNetworkError);
    },
  );
});
