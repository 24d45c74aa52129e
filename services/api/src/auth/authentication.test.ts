import { type Caller, noCredentials, tokenCredentials } from '@gantry/client/credentials.ts';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { authenticateInOrder, clusterToken, hasAddress, trustedNetwork } from './authentication.ts';
import type { User } from './user.ts';

describe('authentication', () => {
  const credentials = tokenCredentials(() => 'the-token-of-this-test');
  const caller = (peer: string, token?: string) => {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    return { peer, metadata };
  };

  // Every user of the machine has the loopback addresses, and a Unix socket has no name that gRPC would tell.
  test.each([
    '127.0.0.1:4711',
    '[::1]:4711',
    '::ffff:127.0.0.1:4711',
    '10.0.0.1:4711',
    'unix:/run/x.sock',
    'unknown',
    '',
  ])('a caller from %j is nobody without the token, and the administrator with it', (peer) => {
    const authenticate = authenticateInOrder([clusterToken(credentials)]);
    expect(() => authenticate(caller(peer))).toThrow(/^Unauthorized: the call presents no token/);
    expect(() => authenticate(caller(peer, 'guessed'))).toThrow("Unauthorized: the token is not this cluster's");
    expect(authenticate(caller(peer, 'the-token-of-this-test'))).toMatchObject({ name: 'system:admin' });
  });

  test.each([
    ['10.0.0.1:4711', true],
    ['[::1]:4711', true],
    ['::ffff:127.0.0.1:4711', true],
    ['unknown', false],
    ['', false],
    ['unix:/run/x.sock', false],
    ['localhost:1', false],
    ['10.0.0.1', false],
  ])('where the operator vouches for the network, %j is the administrator: %s', (peer, admitted) => {
    expect(hasAddress(peer)).toBe(admitted);
    const attempt = () => authenticateInOrder([clusterToken(noCredentials), trustedNetwork])(caller(peer));
    if (admitted) expect(attempt()).toMatchObject({ name: 'system:admin' });
    else expect(attempt).toThrow(/^Unauthorized/);
  });

  test('the first authenticator that knows the caller decides, also where it has to wait', async () => {
    const asked: string[] = [];
    const slow = async ({ peer }: Caller): Promise<User | undefined> => {
      asked.push(peer);
      return peer === 'known' ? { name: 'ann', groups: [] } : undefined;
    };
    const authenticate = authenticateInOrder([slow, clusterToken(credentials)]);
    expect(await authenticate(caller('known', 'the-token-of-this-test'))).toMatchObject({ name: 'ann' });
    expect(await authenticate(caller('other', 'the-token-of-this-test'))).toMatchObject({ name: 'system:admin' });
    await expect(authenticate(caller('other'))).rejects.toThrow(/^Unauthorized/);
    expect(asked).toEqual(['known', 'other', 'other']);
  });
});
