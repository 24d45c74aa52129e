import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@gantry/client/client.ts';
import { openBus } from '@gantry/events/open.ts';
import type { Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { describe, expect, test } from 'vitest';
import { defaultApiConfig } from '../config.ts';
import { startApi } from '../service.ts';
import { testCredentials } from '../testing/harness.ts';
import { encryptionOfSecrets, parseEncryption } from './config.ts';

const password = 'aHVudGVyMi1ub2JvZHktZmluZHMtdGhpcw==';
const secret = (name: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default' },
  data: { password: password as never },
});

/** An api over a store that may outlive it, with the messages that it published. */
async function start(url: string, encryption: string | undefined) {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openStore(url));
  const bus = stack.use(await openBus('memory:'));
  const messages: string[] = [];
  stack.use(
    bus.subscribe('gantry.v1.secrets.>', (subject, payload) => {
      messages.push(`${subject} ${Buffer.from(payload)}`);
    }),
  );
  const rules = encryption === undefined ? undefined : parseEncryption(encryption);
  const deps = { store, bus, log: silentLogger, credentials: testCredentials, encryption: rules };
  const api = stack.use(await startApi({ ...defaultApiConfig, listen: '127.0.0.1:0' }, deps));
  const client = stack.use(connect(api.address, { credentials: testCredentials }));
  const owned = stack.move();
  return { client, store, messages, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** All bytes of the files in a folder. */
async function bytesBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return (await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')))).join('');
}

describe('Secrets', () => {
  const keys = encryptionOfSecrets('first', Buffer.alloc(32, 1));

  test('are in no byte of SQLite’s files and in no message, and are read as they were written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-secrets-'));
    const url = `sqlite:${join(folder, 'state.db')}`;
    try {
      {
        await using running = await start(url, keys);
        const { client, messages } = running;
        await client.create(secret('db'));
        await client.patch(
          'Secret',
          { namespace: 'default', name: 'db' },
          { type: 'merge', body: { metadata: { labels: { a: 'b' } } } },
        );
        expect((await client.get('Secret', { namespace: 'default', name: 'db' })).data).toEqual({ password });
        expect((await client.list('Secret')).items.map(({ data }) => data)).toContainEqual({ password });
        // The test itself would find the password where it is in clear text.
        await client.create({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'x', namespace: 'default' },
          data: { seen: 'in-clear-text' },
        } as never);
        await expect.poll(() => messages.length).toBeGreaterThanOrEqual(2);
        expect(messages.join()).not.toContain(password);
      }
      const bytes = await bytesBelow(folder);
      expect(bytes).toContain('in-clear-text');
      expect(bytes).toContain('k8s:enc:aesgcm:v1:first:');
      expect(bytes).not.toContain(password);
      // Without the key each is a damaged object, and the rest of the cluster is well.
      await using blind = await start(url, encryptionOfSecrets('second', Buffer.alloc(32, 2)));
      await expect(blind.client.get('Secret', { namespace: 'default', name: 'db' })).rejects.toMatchObject({
        reason: 'InternalError',
        message: expect.stringMatching(
          /damaged.*encrypted with the key "first", which is not in the encryption configuration/,
        ),
      });
      const damaged = (await blind.client.list('Secret')).damaged?.map(({ name }) => name);
      expect(damaged).toEqual(['db', 'gantry-front-proxy-ca']);
      expect((await blind.client.get('ConfigMap', { namespace: 'default', name: 'x' })).data).toEqual({
        seen: 'in-clear-text',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('that were written in clear text to Redis are encrypted when the api starts with a key', async () => {
    await using redis = await startRedisServer();
    {
      await using running = await start(redis.url, undefined);
      await running.client.create(secret('old'));
      expect((await running.store.get('secrets/default/old'))?.value).toContain(password);
    }
    await using running = await start(redis.url, keys);
    await expect
      .poll(async () => (await running.store.get('secrets/default/old'))?.value)
      .toMatch(/^k8s:enc:aesgcm:v1:first:/);
    expect((await running.client.get('Secret', { namespace: 'default', name: 'old' })).data).toEqual({ password });
  });
});
