import { describe, expect, it } from 'vitest';
import { kindOf } from './built-in.ts';
import { compileFieldSelector, compileLabelSelector, matchesLabels, parseFieldSelector } from './selectors.ts';

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front', 'gantry.dev/weight': '12' };

  it.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier=front', true],
    ['app!=web', false],
    ['missing!=x', true],
    ['app in (api, web)', true],
    ['app notin (api, web)', false],
    ['missing notin (a)', true],
    ['app', true],
    ['!app', false],
    ['!missing', true],
    ['gantry.dev/weight>10', true],
    ['gantry.dev/weight<10', false],
    ['app=web,tier in (front,back),!old', true],
    ['app=', false],
  ])('%s selects: %s', (selector, selected) => {
    expect(compileLabelSelector(selector)(labels)).toBe(selected);
  });

  it.each(['app=web=x', 'a b', 'app in web', '-app=x', 'app=we b', 'a/b/c=d', ',', 'app=web,', 'weight>x'])(
    'refuses %s',
    (selector) => {
      expect(() => compileLabelSelector(selector)).toThrow(/unable to parse requirement/);
    },
  );

  it('knows that an absent selector selects nothing and an empty one everything', () => {
    expect(matchesLabels(undefined, labels)).toBe(false);
    expect(matchesLabels({}, labels)).toBe(true);
    expect(matchesLabels({ matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] }, labels)).toBe(true);
    expect(
      matchesLabels({ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'old', operator: 'Exists' }] }, labels),
    ).toBe(false);
  });

  it('takes names of the language for what they are', () => {
    expect(compileLabelSelector('constructor')(labels)).toBe(false);
  });
});

describe('field selectors', () => {
  it('reads equality, inequality and escapes', () => {
    expect(parseFieldSelector('spec.nodeName=a,status.phase!=Failed,metadata.name==x\\,y')).toEqual([
      { field: 'spec.nodeName', equal: true, value: 'a' },
      { field: 'status.phase', equal: false, value: 'Failed' },
      { field: 'metadata.name', equal: true, value: 'x,y' },
    ]);
    expect(() => parseFieldSelector('nonsense')).toThrow("can't understand 'nonsense'");
  });

  it('tests objects of a kind, and refuses fields that the kind does not offer', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod' as const,
      metadata: { name: 'a', namespace: 'b' },
      spec: { containers: [], nodeName: 'n' },
    };
    expect(compileFieldSelector(kindOf('Pod'), 'spec.nodeName=n,metadata.namespace=b')(pod)).toBe(true);
    expect(compileFieldSelector(kindOf('Pod'), 'spec.nodeName=')(pod)).toBe(false);
    expect(() => compileFieldSelector(kindOf('Pod'), 'spec.color=red')).toThrow(
      'field label not supported: spec.color',
    );
  });
});
