import { isDeepStrictEqual } from 'node:util';
import { builtIn } from '@gantry/model/built-in.ts';
import { sameJson } from '@gantry/model/same-json.ts';
import { isError } from '@gantry/runtime/errors.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressAt, contains, parseIpRange } from '../admission/ip-range.ts';
import { defaultLimits } from './limits.ts';
import { generateName } from './metadata.ts';
import { decodePageToken, encodePageToken } from './page-token.ts';
import { selectionOf } from './selection.ts';
import { type AnyObject, decodeEntry, encodeValue, ObjectCache, putObject, storedBy } from './stored-object.ts';

describe('selections', () => {
  test('refuse a namespace that is longer than any name', () => {
    const query = { namespace: 'x'.repeat(1_000_000), labelSelector: '', fieldSelector: '' };
    expect(() => selectionOf(builtIn.formOfResource('pods'), query, defaultLimits)).toThrow(
      expect.objectContaining({ reason: 'BadRequest', message: expect.stringContaining('namespace: Too long') }),
    );
  });
});

describe('page tokens', () => {
  test('go round', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string({ unit: 'grapheme' }), (revision, name) => {
        const position = { revision, after: `pods/${name}` };
        expect(decodePageToken(encodePageToken(position), 'pods/')).toEqual(position);
      }),
    );
  });

  test('are refused when they are none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.json().map((text) => Buffer.from(text).toString('base64url')),
        ),
        (token) => {
          expect(() => decodePageToken(token, 'pods/')).toSatisfy((read: () => unknown) => {
            try {
              read();
            } catch (error) {
              return isError(error, 'BadRequest');
            }
            return false;
          });
        },
      ),
    );
  });
});

describe('stored objects', () => {
  const object = (text: string): AnyObject => ({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name: 'x', labels: { text } },
  });

  test('carry the revision of their write and never a stored one', () => {
    const text = encodeValue({ ...object('a'), metadata: { name: 'x', resourceVersion: '99' } });
    expect(text).not.toContain('99');
    expect(decodeEntry({ key: 'things/d/x', value: text, revision: 7 }).metadata.resourceVersion).toBe('7');
  });

  test('the cache keeps the latest revisions within its bound', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.nat(5), revision: fc.integer({ min: 1, max: 50 }), chars: fc.nat(200) })),
        (entries) => {
          const cache = new ObjectCache(1_000);
          const latest = new Map<number, number>();
          for (const { key, revision, chars } of entries) {
            const value = encodeValue(object('x'.repeat(chars)));
            expect(cache.decode({ key: String(key), revision, value }).revision).toBe(revision);
            latest.set(key, Math.max(latest.get(key) ?? 0, revision));
            const kept = [...latest.keys()].flatMap((each) => cache.peek(String(each)) ?? []);
            const keptChars = kept.reduce((sum, { text }) => sum + text.length, 0);
            expect(keptChars).toBeLessThanOrEqual(1_000);
          }
        },
      ),
    );
  });
});

describe('sameJson', () => {
  const value = fc.jsonValue({ maxDepth: 3 });

  test('says what comparing the JSON says', () => {
    fc.assert(
      fc.property(value, value, fc.boolean(), (left, right, same) => {
        const other = same ? JSON.parse(JSON.stringify(left)) : right;
        expect(sameJson(left, other)).toBe(
          isDeepStrictEqual(JSON.parse(JSON.stringify(left)), JSON.parse(JSON.stringify(other))),
        );
      }),
    );
  });

  test('passes over undefined properties and their order', () => {
    expect(sameJson({ a: 1, b: undefined, c: [{ d: 2 }] }, { c: [{ e: undefined, d: 2 }], a: 1 })).toBe(true);
    expect(sameJson({ a: undefined }, { a: null })).toBe(false);
    expect(sameJson([], {})).toBe(false);
  });
});

describe('generated names', () => {
  test('start with their base and have at most 63 characters', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{1,80}-$/),
        fc.noShrink(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (base, number) => {
          const name = generateName(base, () => number);
          expect(name.length).toBeLessThanOrEqual(63);
          expect(name.startsWith(base.slice(0, 58))).toBe(true);
        },
      ),
    );
  });
});

describe('ranges of addresses', () => {
  test('give neither the first nor the last', () => {
    const range = parseIpRange('10.96.0.0/30');
    expect([0, 1].map((index) => addressAt(range, index))).toEqual(['10.96.0.1', '10.96.0.2']);
    expect(
      ['10.96.0.0', '10.96.0.1', '10.96.0.2', '10.96.0.3', '10.96.0.4', 'x'].map((ip) => contains(range, ip)),
    ).toEqual([false, true, true, false, false, false]);
  });

  test.each(['10.0.0.0', '10.0.0.0/31', '10.0.0.256/24', 'fd00::/108', ''])('%s is refused', (cidr) => {
    expect(() => parseIpRange(cidr)).toThrow(`service CIDR: Invalid value: "${cidr}"`);
  });
});

describe('what this process wrote itself', () => {
  test('is kept as the store has it', () => {
    const object: AnyObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', namespace: 'default', labels: { app: 'web' }, resourceVersion: '3' },
      spec: { containers: [] },
    };
    const operation = putObject('pods/default/a', object, 3);
    if (operation.type !== 'put') throw new Error('it is a put');
    const cache = new ObjectCache(10_000);
    cache.keep(storedBy(operation, 7));
    const read = cache.decode({ key: operation.key, revision: 7, value: operation.value });
    expect(read.object).toEqual(decodeEntry({ key: operation.key, value: operation.value, revision: 7 }));
    expect(object.metadata.resourceVersion).toBe('3');
  });

  test('lists fill free room, and push nothing out', () => {
    const entry = (name: string, revision: number) => ({
      key: `things/d/${name}`,
      revision,
      value: JSON.stringify({ apiVersion: 'v1', kind: 'Thing', metadata: { name } }),
    });
    const cache = new ObjectCache(entry('a', 1).value.length * 2);
    const [a, b] = [cache.glance(entry('a', 1)), cache.glance(entry('b', 2))];
    const c = cache.glance(entry('c', 3));
    expect(c.object.metadata.name).toBe('c');
    expect(['a', 'b', 'c'].map((name) => cache.peek(`things/d/${name}`))).toEqual([a, b, undefined]);
    expect(cache.glance(entry('a', 1))).toBe(a);
  });

  test('does not go before what others wrote later', () => {
    const cache = new ObjectCache(10_000);
    const key = 'things/d/x';
    const put = (revision: number, uid: string) => ({
      key,
      revision,
      value: JSON.stringify({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x', uid } }),
    });
    cache.decode(put(9, 'newer'));
    cache.keep(storedBy({ type: 'put', key, value: put(8, 'older').value }, 8));
    expect(cache.peek(key)?.object.metadata.uid).toBe('newer');
  });
});
