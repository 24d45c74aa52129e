import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare } from './compare.ts';
import { differenceOf } from './difference.ts';
import { FieldSet } from './field-set.ts';
import { merge } from './merge.ts';
import { describePath } from './path-element.ts';
import { removePaths } from './remove.ts';
import { deploymentShape, deployments } from './testing/deployment.ts';
import { toFieldSet } from './to-set.ts';
import { applied, ConflictError, type Managers, updated } from './update.ts';

const version = 'apps/v1';

/** An object that managers write one after another. */
class Live {
  object: unknown = {};
  managers: Managers = new Map();

  apply(manager: string, config: unknown, force = false): void {
    const result = applied(
      { live: this.object, config, version, managers: this.managers, manager, force },
      deployments,
    );
    this.object = result.object;
    this.managers = result.managers;
  }

  update(manager: string, object: unknown): void {
    const write = { live: this.object, object, version, managers: this.managers, manager };
    this.managers = updated(write, deployments).managers;
    this.object = object;
  }

  owns(manager: string): string[] {
    return [...(this.managers.get(manager)?.set ?? FieldSet.empty).paths()].map(describePath);
  }
}

const withContainers = (...containers: readonly object[]): object => ({ spec: { template: { spec: { containers } } } });

describe('applying', () => {
  test('owns what the configuration sets, and nothing of the identity', () => {
    const live = new Live();
    live.apply('a', {
      apiVersion: version,
      kind: 'Deployment',
      metadata: { name: 'x', labels: { app: 'x' } },
      spec: { replicas: 3 },
    });
    expect(live.owns('a')).toEqual(['.metadata.labels.app', '.spec.replicas']);
    expect(live.managers.get('a')).toMatchObject({ applied: true, version });
  });

  test('removes what it leaves out the next time, and what is left empty with it', () => {
    const live = new Live();
    live.apply('a', { metadata: { labels: { app: 'x', tier: 'y' } }, spec: { replicas: 3 } });
    live.apply('a', { spec: { replicas: 3 } });
    expect(live.object).toEqual({ spec: { replicas: 3 } });
  });

  test('leaves what another manager owns too', () => {
    const live = new Live();
    live.apply('a', { spec: { replicas: 3 }, metadata: { labels: { app: 'x' } } });
    live.apply('b', { spec: { replicas: 3 } });
    live.apply('a', { metadata: { labels: { app: 'x' } } });
    expect(live.object).toEqual({ spec: { replicas: 3 }, metadata: { labels: { app: 'x' } } });
    expect(live.owns('a')).toEqual(['.metadata.labels.app']);
    live.apply('b', {});
    expect(live.object).toEqual({ metadata: { labels: { app: 'x' } } });
    expect(live.managers.has('b')).toBe(false);
  });

  test('leaves items that somebody else owns too, with the fields of theirs', () => {
    const live = new Live();
    live.apply('a', withContainers({ name: 'web', image: 'web:1' }));
    live.apply('b', withContainers({ name: 'web', args: ['-v'] }));
    live.apply('a', {});
    expect(live.object).toEqual(withContainers({ name: 'web', args: ['-v'] }));
  });

  test('removes its item although an update set a field of it', () => {
    const live = new Live();
    live.apply('a', withContainers({ name: 'web', image: 'web:1' }, { name: 'side' }));
    live.update('u', withContainers({ name: 'web', image: 'web:1', args: ['-v'] }, { name: 'side' }));
    live.apply('a', withContainers({ name: 'side' }));
    expect(live.object).toEqual(withContainers({ name: 'side' }));
  });

  test('conflicts with another manager about a value, names it, and changes nothing', () => {
    const live = new Live();
    live.apply('a', { spec: { replicas: 3 } });
    const before = live.object;
    const attempt = (): void => live.apply('b', { spec: { replicas: 4 } });
    expect(attempt).toThrow(ConflictError);
    try {
      attempt();
    } catch (error) {
      const [conflict] = (error as ConflictError).conflicts;
      expect(conflict!.manager).toBe('a');
      expect([...conflict!.set.paths()].map(describePath)).toEqual(['.spec.replicas']);
    }
    expect(live.object).toBe(before);
  });

  test('takes a field over by force', () => {
    const live = new Live();
    live.apply('a', { spec: { replicas: 3 }, metadata: { labels: { app: 'x' } } });
    live.apply('b', { spec: { replicas: 4 } }, true);
    expect(live.object).toMatchObject({ spec: { replicas: 4 } });
    expect(live.owns('a')).toEqual(['.metadata.labels.app']);
    expect(live.owns('b')).toEqual(['.spec.replicas']);
  });

  test('shares a value that is the same', () => {
    const live = new Live();
    live.apply('a', { spec: { replicas: 3 } });
    live.apply('b', { spec: { replicas: 3 } });
    expect(live.owns('a')).toEqual(['.spec.replicas']);
    expect(live.owns('b')).toEqual(['.spec.replicas']);
  });

  test('knows an item by its keys with their defaults', () => {
    const live = new Live();
    live.apply('a', withContainers({ name: 'web', ports: [{ containerPort: 80, name: 'http' }] }));
    live.update('u', withContainers({ name: 'web', ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] }));
    live.apply('a', withContainers({ name: 'web', ports: [{ containerPort: 80, name: 'web' }] }), true);
    expect(live.object).toEqual(
      withContainers({ name: 'web', ports: [{ containerPort: 80, protocol: 'TCP', name: 'web' }] }),
    );
  });

  test('refuses items without any of their keys', () => {
    expect(() => new Live().apply('a', withContainers({ image: 'x' }))).toThrow(TypeError);
  });
});

describe('updating', () => {
  test('owns what it changed, and takes that from others', () => {
    const live = new Live();
    live.apply('a', { spec: { replicas: 3 }, metadata: { labels: { app: 'x' } } });
    live.update('u', { spec: { replicas: 5 }, metadata: { labels: { app: 'x' }, finalizers: ['example.com/f'] } });
    expect(live.owns('u')).toEqual([
      '.metadata.finalizers',
      '.metadata.finalizers[="example.com/f"]',
      '.spec.replicas',
    ]);
    expect(live.owns('a')).toEqual(['.metadata.labels.app']);
  });

  test('owns nothing of what it removed, nor does anybody else', () => {
    const live = new Live();
    live.apply('a', { spec: { replicas: 3 }, metadata: { labels: { app: 'x' } } });
    live.update('u', { metadata: { labels: { app: 'x' } } });
    expect(live.owns('a')).toEqual(['.metadata.labels.app']);
    expect(live.managers.has('u')).toBe(false);
  });

  test('forgets managers of versions that are not served', () => {
    const live = new Live();
    live.managers = new Map([
      ['old', { set: FieldSet.of(['f:spec', 'f:replicas']), version: 'apps/v0', applied: false }],
    ]);
    live.update('u', { spec: { replicas: 1 } });
    expect([...live.managers.keys()]).toEqual(['u']);
  });
});

describe('merging lists', () => {
  const names = (object: unknown): string[] =>
    (object as { spec: { template: { spec: { containers: { name: string }[] } } } }).spec.template.spec.containers.map(
      ({ name }) => name,
    );
  const merged = (live: string, config: string): string =>
    names(
      merge(
        withContainers(...[...live].map((name) => ({ name }))),
        withContainers(...[...config].map((name) => ({ name }))),
        deploymentShape,
      ),
    ).join('');

  test.each([
    ['abc', 'abc', 'abc'],
    ['abc', '', 'abc'],
    ['', 'ab', 'ab'],
    ['abc', 'ad', 'abcd'],
    ['axb', 'ab', 'axb'],
    ['ab', 'ba', 'ba'],
    ['xab', 'ba', 'xba'],
  ])('%s with %s applied is %s', (live, config, expected) => {
    expect(merged(live, config)).toBe(expected);
  });

  test('keeps every item of both, once, and the applied ones in their order', () => {
    const list = fc.uniqueArray(fc.constantFrom(...'abcdefgh')).map((all) => all.join(''));
    fc.assert(
      fc.property(list, list, (live, config) => {
        const result = merged(live, config);
        expect(new Set(result)).toEqual(new Set(live + config));
        expect(result).toHaveLength(new Set(live + config).size);
        expect([...result].filter((name) => config.includes(name)).join('')).toBe(config);
      }),
    );
  });
});

const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'));
// An empty list of items is owned by nobody, as in Kubernetes: none is made here.
const container = fc.record(
  { image: fc.constantFrom('x', 'y'), args: fc.array(fc.constantFrom('-v', '-w'), { maxLength: 2 }) },
  { requiredKeys: [] },
);
const containers = fc
  .uniqueArray(fc.constantFrom('web', 'side', 'log'), { minLength: 1, maxLength: 3 })
  .chain((all) => fc.tuple(...all.map((name) => container.map((fields) => ({ name, ...fields })))));
const object = fc.record(
  {
    metadata: fc.record(
      { labels, finalizers: fc.uniqueArray(fc.constantFrom('f/a', 'f/b'), { minLength: 1 }) },
      { requiredKeys: [] },
    ),
    spec: fc.record(
      { replicas: fc.nat(3), selector: labels, template: fc.record({ spec: fc.record({ containers }) }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

describe('any objects', () => {
  test('differ in the same paths whenever they are described by the same text', () => {
    const ignored = FieldSet.of(['f:metadata', 'f:labels', 'f:a'], ['f:spec', 'f:selector']);
    const schema = { shape: deploymentShape, ignored };
    fc.assert(
      fc.property(object, object, (left, right) => {
        const { added, modified, removed } = compare(left, right, deploymentShape);
        const found = differenceOf(left, right, schema);
        const touched = added.union(modified);
        const withoutIgnored = [touched, removed].map((one) => [...one.without(ignored).paths()]);
        expect([found.touched, found.removed].map((one) => [...one.paths()])).toEqual(withoutIgnored);
        expect(differenceOf(structuredClone(left), structuredClone(right), schema)).toBe(found);
      }),
    );
  });

  test('differ in nothing from themselves, and removing all that is set leaves nothing set', () => {
    fc.assert(
      fc.property(object, (one) => {
        const { added, modified, removed } = compare(one, structuredClone(one), deploymentShape);
        expect([added.isEmpty, modified.isEmpty, removed.isEmpty]).toEqual([true, true, true]);
        const named = toFieldSet(one, deploymentShape).withNamedFields(deploymentShape);
        expect(Object.values(removePaths(one, named, deploymentShape) as object).flatMap(Object.keys)).toEqual([]);
      }),
    );
  });

  test('hold what was applied last, by whoever applied', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), object), { maxLength: 6 }), (writes) => {
        const live = new Live();
        for (const [manager, config] of writes) {
          live.apply(manager, config, true);
          const { modified, added } = compare(
            live.object,
            merge(live.object, config, deploymentShape),
            deploymentShape,
          );
          expect([...modified.paths(), ...added.paths()]).toEqual([]);
        }
        // Whoever applies nothing any more owns nothing, and leaves nothing that nobody owns.
        for (const manager of ['a', 'b', 'c']) live.apply(manager, {}, true);
        expect(live.managers.size).toBe(0);
        expect(live.object).toEqual({});
      }),
    );
  });
});
