import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ciphersOf, unreadable } from './cipher.ts';
import { encryptionOfSecrets, parseEncryption } from './config.ts';
import { rewriteStale } from './rewrite.ts';
import { encryptedStore } from './store.ts';

const keyA = { name: 'a', secret: Buffer.alloc(32, 'a') };
const keyB = { name: 'b', secret: Buffer.alloc(16, 'b') };
const aesgcm = (...keys: (typeof keyA)[]) => ({ type: 'aesgcm', keys }) as const;
const identity = { type: 'identity' } as const;
const rule = (...providers: (ReturnType<typeof aesgcm> | typeof identity)[]) => [{ resources: ['secrets'], providers }];

describe('the configuration', () => {
  test('that is made for Secrets is read as it was meant', () => {
    const [only] = parseEncryption(encryptionOfSecrets('first', keyA.secret));
    expect(only).toEqual({ resources: ['secrets'], providers: [aesgcm({ ...keyA, name: 'first' }), identity] });
  });

  const valid = `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets, deployments.apps, '*.example.com']
  providers:
  - aesgcm: {keys: [{name: one, secret: MDEyMzQ1Njc4OWFiY2RlZg==}]}
  - identity: {}
`;
  test.each([
    ['kind: EncryptionConfiguration', 'kind: Config', 'kind: must be EncryptionConfiguration'],
    ['config.k8s.io/v1', 'config.k8s.io/v2', 'apiVersion: must be apiserver.config.k8s.io/v1'],
    ['secrets,', 'Secrets,', 'resources[0].resources[0]: must be the plural name'],
    ['name: one', "name: 'o:ne'", 'keys[0].name: must be 1 to 100 characters without colons'],
    ['MDEyMzQ1Njc4OWFiY2RlZg==', 'MDEy', 'keys[0].secret: must be 16, 24 or 32 bytes in base64'],
    [
      'aesgcm: {keys: ',
      'aescbc: {keys: ',
      'providers[0]: Unsupported value: "aescbc": supported values: "aesgcm", "identity"',
    ],
    ['identity: {}', 'aesgcm: {keys: []}', 'providers[1].aesgcm.keys: Required value'],
    ['resources:\n-', 'items:\n-', 'resources: Required value'],
    ['kind:', '{', 'must be YAML'],
  ])('with %j changed to %j is refused', (before, after, problem) => {
    expect(parseEncryption(valid)).toHaveLength(1);
    const refused = () => parseEncryption(valid.replace(before, after));
    expect(refused).toThrow(problem);
    expect(refused).toThrow(/^EncryptionConfiguration/);
    // A key is never repeated.
    expect(refused).not.toThrow(/MDEy/);
  });

  test.each([
    ['secrets', true],
    ['deployments.apps', true],
    ['widgets.example.com', true],
    ['configmaps', false],
    ['secrets.example.org', false],
  ])('is about %s: %s', (resource, isEncrypted) => {
    expect(ciphersOf(parseEncryption(valid))(resource) !== undefined).toBe(isEncrypted);
  });
});

describe('a stored text', () => {
  const cipherOf = (...providers: Parameters<typeof rule>) => ciphersOf(rule(...providers))('secrets')!;

  test('is read back by its key alone, and in its place alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, key) => {
        const stored = cipherOf(aesgcm(keyA)).encrypt(key, text);
        expect(cipherOf(aesgcm(keyB, keyA)).decrypt(key, stored)).toBe(text);
        for (const wrong of [
          cipherOf(aesgcm(keyB), identity).decrypt(key, stored),
          cipherOf(aesgcm({ ...keyB, name: 'a' })).decrypt(key, stored),
          cipherOf(aesgcm(keyA)).decrypt(`${key}x`, stored),
        ]) {
          expect(unreadable(wrong)).toMatch(/key "a"/);
        }
      }),
    );
  });

  test('that was changed or cut anywhere is unreadable, and never throws', () => {
    const cipher = cipherOf(aesgcm(keyA));
    const stored = cipher.encrypt('secrets/d/x', '{"data":{"password":"aHVudGVyMg=="}}');
    fc.assert(
      fc.property(fc.nat(stored.length - 1), fc.constantFrom('', '!', 'A', 'é', ':'), (at, by) => {
        const changed = stored.slice(0, at) + by + stored.slice(at + 1);
        fc.pre(changed !== stored && Buffer.from(changed).compare(Buffer.from(stored)) !== 0);
        const text = cipher.decrypt('secrets/d/x', changed);
        // Base64 has spellings that differ and mean the same bytes.
        if (text !== '{"data":{"password":"aHVudGVyMg=="}}') expect(unreadable(text)).toBeDefined();
      }),
    );
    for (const other of ['', 'k8s:enc:', 'k8s:enc:aesgcm:v1:', 'k8s:enc:aesgcm:v1:a:', 'k8s:enc:aesgcm:v1:a']) {
      expect(unreadable(cipher.decrypt('secrets/d/x', other))).toBeDefined();
    }
  });

  test('in clear text is read only where the configuration says so', () => {
    expect(cipherOf(aesgcm(keyA), identity).decrypt('k', '{}')).toBe('{}');
    expect(unreadable(cipherOf(aesgcm(keyA)).decrypt('k', '{}'))).toMatch(/no provider/);
  });

  test('is stale by the provider that comes first', () => {
    const byA = cipherOf(aesgcm(keyA)).encrypt('k', '{}');
    expect(cipherOf(aesgcm(keyA, keyB)).isStale(byA)).toBe(false);
    expect(cipherOf(aesgcm(keyB, keyA)).isStale(byA)).toBe(true);
    expect(cipherOf(aesgcm(keyA), identity).isStale('{}')).toBe(true);
    expect(cipherOf(identity, aesgcm(keyA)).isStale('{}')).toBe(false);
    expect(cipherOf(identity, aesgcm(keyA)).isStale(byA)).toBe(true);
  });
});

test('a store keeps ciphertexts, gives clear texts out whichever way it is read, and is rewritten for a new key', async () => {
  await using inner = await openStore('sqlite::memory:');
  const deps = { store: inner, clock: new FakeClock(), log: silentLogger };
  const clear = '{"data":"c2VjcmV0"}';
  await inner.commit([{ type: 'put', key: 'secrets/d/old', value: clear, expected: 0 }]);
  const store = encryptedStore(inner, ciphersOf(rule(aesgcm(keyA), identity)));
  await store.commit([
    { type: 'put', key: 'secrets/d/new', value: clear, expected: 0 },
    { type: 'put', key: 'configmaps/d/c', value: clear, expected: 0 },
    { type: 'check', key: 'secrets/d/none', expected: 0 },
  ]);
  const kept = async (key: string) => (await inner.get(key))!.value;
  expect(await kept('secrets/d/new')).toMatch(/^k8s:enc:aesgcm:v1:a:/);
  expect(await kept('secrets/d/new')).not.toContain('c2VjcmV0');
  expect(await kept('configmaps/d/c')).toBe(clear);
  expect((await store.get('secrets/d/new'))?.value).toBe(clear);
  expect((await store.list({ prefix: '' })).entries.map(({ value }) => value)).toEqual([clear, clear, clear]);
  expect(await store.list('none')).toEqual(new Map());

  // Rewriting by a new key leaves nothing of the old one, or of clear text.
  const rules = rule(aesgcm(keyB, keyA), identity);
  const cipherOf = ciphersOf(rules);
  expect(await rewriteStale({ ...deps, cipherOf }, rules, new AbortController().signal)).toEqual({
    written: 2,
    unreadable: 0,
  });
  expect(await rewriteStale({ ...deps, cipherOf }, rules, new AbortController().signal)).toEqual({
    written: 0,
    unreadable: 0,
  });
  const onlyB = encryptedStore(inner, ciphersOf(rule(aesgcm(keyB))));
  const secrets = await onlyB.list({ prefix: 'secrets/' });
  expect(secrets.entries.map(({ value }) => value)).toEqual([clear, clear]);
  // Changes, and the values before them.
  await onlyB.commit([{ type: 'put', key: 'secrets/d/new', value: '{}' }]);
  const stop = new AbortController();
  for await (const changes of onlyB.watch({ prefix: 'secrets/', after: secrets.revision, signal: stop.signal })) {
    expect(changes).toMatchObject([{ key: 'secrets/d/new', value: '{}', previous: clear }]);
    stop.abort();
  }
  // One that cannot be read is told and left alone.
  await inner.commit([{ type: 'put', key: 'secrets/d/broken', value: 'k8s:enc:aesgcm:v1:b:AAAA' }]);
  const back = rule(aesgcm(keyA, keyB));
  expect(await rewriteStale({ ...deps, cipherOf: ciphersOf(back) }, back, new AbortController().signal)).toEqual({
    written: 2,
    unreadable: 1,
  });
  expect(await kept('secrets/d/broken')).toBe('k8s:enc:aesgcm:v1:b:AAAA');
});
