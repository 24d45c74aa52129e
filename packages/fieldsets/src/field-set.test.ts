import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromCompact, toCompact } from './compact.ts';
import { FieldSet } from './field-set.ts';
import { describePath } from './path-element.ts';
import { deploymentShape } from './testing/deployment.ts';

const element = fc.oneof(
  fc.constantFrom('f:a', 'f:b', 'f:c'),
  fc.constantFrom('k:{"name":"x"}', 'k:{"name":"y"}'),
  fc.constantFrom('v:1', 'v:"s"'),
  fc.constantFrom('i:0', 'i:2'),
);
const path = fc.array(element, { minLength: 1, maxLength: 4 });
const paths = fc.array(path, { maxLength: 12 });
const set = paths.map((all) => FieldSet.of(...all));
const texts = (one: FieldSet): Set<string> => new Set(one.paths().map((each) => each.join(' ')));

describe('a set of paths', () => {
  test('is the same after it was written as a short text', () => {
    const odd = fc.constantFrom("f:it's", 'f:', 'f:.', 'f:a.', 'f:a b', 'f:(', 'f:"', 'k:{"name":"\'"}');
    const any = fc.array(fc.array(fc.oneof(element, odd), { minLength: 1, maxLength: 4 }), { maxLength: 8 });
    fc.assert(
      fc.property(any, (all) => {
        const one = FieldSet.of(...all);
        expect(fromCompact(toCompact(one)).equals(one)).toBe(true);
      }),
    );
  });

  test.each(['a(', 'a)', "'", "''", 'a  b', ' a', 'a(b', 'a((', '(', 'a(. )('])('is not read from %j', (text) => {
    expect(() => fromCompact(text)).toThrow(SyntaxError);
  });

  test('holds exactly the paths that it was made of', () => {
    fc.assert(
      fc.property(paths, (all) => {
        expect(texts(FieldSet.of(...all))).toEqual(new Set(all.map((each) => each.join(' '))));
      }),
    );
  });

  test('is the same after FieldsV1 and back', () => {
    fc.assert(
      fc.property(set, (one) => {
        const back = FieldSet.fromFieldsV1(JSON.parse(JSON.stringify(one.toFieldsV1())));
        expect(back.equals(one)).toBe(true);
      }),
    );
  });

  test('union, intersection and difference are those of sets', () => {
    fc.assert(
      fc.property(set, set, (left, right) => {
        expect(texts(left.union(right))).toEqual(texts(left).union(texts(right)));
        expect(texts(left.intersection(right))).toEqual(texts(left).intersection(texts(right)));
        expect(texts(left.difference(right))).toEqual(texts(left).difference(texts(right)));
      }),
    );
  });

  test('without leaves nothing at or below the paths of the other', () => {
    fc.assert(
      fc.property(set, set, (left, right) => {
        const gone = [...texts(right)];
        const expected = [...texts(left)].filter(
          (each) => !gone.some((prefix) => each === prefix || each.startsWith(`${prefix} `)),
        );
        expect(texts(left.without(right))).toEqual(new Set(expected));
      }),
    );
  });
});

test('FieldsV1 is written as Kubernetes writes it', () => {
  const one = FieldSet.of(
    ['f:metadata', 'f:labels', 'f:app'],
    ['f:metadata', 'f:labels'],
    ['f:spec', 'f:containers', 'k:{"name":"web"}'],
    ['f:spec', 'f:containers', 'k:{"name":"web"}', 'f:image'],
    ['f:metadata', 'f:finalizers', 'v:"example.com/a"'],
  );
  expect(JSON.stringify(one.toFieldsV1())).toBe(
    '{"f:metadata":{"f:finalizers":{"v:\\"example.com/a\\"":{}},"f:labels":{".":{},"f:app":{}}},' +
      '"f:spec":{"f:containers":{"k:{\\"name\\":\\"web\\"}":{".":{},"f:image":{}}}}}',
  );
});

test('keys are the same whatever order and spaces they are written with', () => {
  const one = FieldSet.fromFieldsV1({ 'k:{"b": 1, "a":"x"}': {} });
  expect(one.has(['k:{"a":"x","b":1}'])).toBe(true);
});

test.each([[{ xa: {} }], [{ 'k:[]': {} }], [{ 'v:{': {} }], [{ 'i:x': {} }], [[]], [null]])('refuses %j', (fields) => {
  expect(() => FieldSet.fromFieldsV1(fields)).toThrow(SyntaxError);
});

test('named fields on the way become members, keys of maps do not', () => {
  const one = FieldSet.of(
    ['f:metadata', 'f:labels', 'f:app'],
    ['f:spec', 'f:template', 'f:spec', 'f:containers', 'k:{"name":"a"}', 'f:image'],
  );
  const names = [...one.withNamedFields(deploymentShape).paths()].map(describePath);
  expect(names).toEqual([
    '.metadata',
    '.metadata.labels',
    '.metadata.labels.app',
    '.spec',
    '.spec.template',
    '.spec.template.spec',
    '.spec.template.spec.containers',
    '.spec.template.spec.containers[name="a"].image',
  ]);
});
