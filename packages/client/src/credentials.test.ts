import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { connect } from './client.ts';
import { credentialsFromEnv, noCredentials, tokenCredentials, tokenFromFile } from './credentials.ts';
import { admitPeers } from './guard.ts';
import { placementService } from './protos.ts';
import { serveGrpc } from './serve.ts';

const secret = 'a-secret-of-this-test';
const own = tokenCredentials(() => secret);

function presenting(...values: string[]): Metadata {
  const metadata = new Metadata();
  for (const value of values) metadata.add('authorization', value);
  return metadata;
}

test.each([
  [[`Bearer ${secret}`], true],
  [[], false],
  [['Bearer '], false],
  [[`bearer ${secret}`], false],
  [[secret], false],
  [[`Bearer ${secret}x`], false],
  [[`Bearer ${secret.slice(1)}`], false],
])('a call with %j is admitted: %s', (values, admitted) => {
  expect(own.verify(presenting(...values))).toBe(admitted);
  expect(noCredentials.verify(presenting(...values))).toBe(false);
});

test('calls pass with the token alone, and are told what is missing', async () => {
  const handlers = {
    ExplainPod: (_call: unknown, answer: (error: null, value: object) => void) => answer(null, { name: 'web' }),
    Defragment: () => {},
  };
  const service = { name: 'PlacementService', definition: placementService, handlers };
  await using server = await serveGrpc([service], {
    host: '127.0.0.1',
    port: 0,
    maxRequestBytes: 1_024,
    credentials: own,
    admit: admitPeers(own, []),
  });
  const explainWith = async (credentials?: typeof own): Promise<unknown> => {
    using client = connect(`127.0.0.1:${server.port}`, { credentials, whenAway: 'fail' });
    return await client.placement.explainPod({ namespace: 'default', name: 'web' });
  };
  expect(await explainWith(own)).toMatchObject({ name: 'web' });
  await expect(explainWith()).rejects.toMatchObject({
    reason: 'Unauthorized',
    message: expect.stringMatching(/presents no token.*GANTRY_TOKEN_FILE/),
  });
  await expect(explainWith(tokenCredentials(() => 'another-token-entirely'))).rejects.toMatchObject({
    reason: 'Unauthorized',
    message: expect.stringMatching(/not this cluster's/),
  });
});

test('a token in a file is read anew, and what is no token is refused by the name of the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-token-'));
  const path = join(folder, 'token');
  let nowMs = 0;
  try {
    await writeFile(path, ` ${secret}\n`);
    const token = tokenFromFile(path, () => nowMs);
    expect(token()).toBe(secret);
    await writeFile(path, 'another-token-entirely');
    expect(token()).toBe(secret);
    nowMs = 1_000;
    expect(token()).toBe('another-token-entirely');
    await writeFile(path, '');
    nowMs = 2_000;
    expect(token()).toBe('another-token-entirely');
    expect(() => tokenFromFile(path)).toThrow(path);
    await rm(path);
    expect(() => tokenFromFile(path)).toThrow(/token file cannot be read.*token/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('credentials come from the environment, and a token that can be guessed is refused', () => {
  expect(credentialsFromEnv({})).toBeUndefined();
  expect(credentialsFromEnv({ GANTRY_TOKEN: '' })).toBeUndefined();
  expect(credentialsFromEnv({ GANTRY_TOKEN: secret })?.verify(presenting(`Bearer ${secret}`))).toBe(true);
  expect(() => credentialsFromEnv({ GANTRY_TOKEN: 'short' })).toThrow(/GANTRY_TOKEN must be 16 to 4096/);
});
