import { builtIn, genericKindOf } from '@gantry/model/built-in.ts';
import { parseLabelSelector } from '@gantry/model/selectors.ts';
import { describe, expect, it, test } from 'vitest';
import { matchersOf, matchersText, oneOf, valuesByName } from './matchers.ts';
import { parseRules } from './rules.ts';

const rule = {
  seriesQuery: '{__name__=~"^http_.*"}',
  resources: { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pods' } } },
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)',
};
const rulesOf = (...rules: object[]) => parseRules(JSON.stringify({ rules }));

describe('a rule in the form of prometheus-adapter', () => {
  it('names series, finds the labels of objects and fills the expression', () => {
    const text = `
rules:
- seriesQuery: '{__name__=~"^container_.*",container!="POD",namespace!="",pod!=""}'
  seriesFilters:
  - isNot: ^container_.*_total$
  - is: ^container_.*
  resources:
    overrides:
      namespace: {resource: namespace}
      pod: {resource: pod}
      app: {group: apps, resource: deployment}
  name: {matches: "^container_(.*)_seconds_total$", as: ""}
  metricsQuery: sum(<< .Series >>{<<.LabelMatchers>>,container!="POD"}) by (<<.GroupBy>>) + <<index .LabelValuesByName "pod">>
externalRules:
- seriesQuery: queue_length
  resources: {namespaced: false}
  metricsQuery: sum(<<.Series>>{<<.LabelMatchers>>})
resourceRules: {cpu: {}}
`;
    const { custom, external, warnings } = parseRules(text);
    const [first] = custom;
    expect(['container_cpu_seconds_total', 'container_cpu', 'x'].map(first!.keeps)).toEqual([false, true, false]);
    expect([first!.nameOf('container_cpu_seconds_total'), first!.nameOf('other')]).toEqual(['cpu', undefined]);
    const kinds = first!.labels.byLabel(builtIn);
    expect(['pod', 'app', 'other'].map((label) => kinds.get(label)?.kind)).toEqual(['Pod', 'Deployment', undefined]);
    expect(first!.labels.of(genericKindOf('Deployment'))).toBe('app');
    const values = { Series: 'cpu', LabelMatchers: 'a="$&"', GroupBy: 'pod', LabelValuesByName: { pod: 'x|y' } };
    expect(first!.query(values)).toBe('sum(cpu{a="$&",container!="POD"}) by (pod) + x|y');
    expect(external).toMatchObject([{ isNamespaced: false }]);
    expect(warnings).toEqual(['resourceRules are not used: node agents measure cpu and memory']);
  });

  it('finds labels by a template, with and without a group', () => {
    const [kube] = rulesOf({ ...rule, resources: { template: 'kube_<<.Group>>_<<.Resource>>' } }).custom;
    expect(kube!.labels.of(genericKindOf('Deployment'))).toBe('kube_apps_deployment');
    expect(kube!.labels.of(genericKindOf('Ingress'))).toBe('kube_networking_k8s_io_ingress');
    expect(kube!.labels.byLabel(builtIn).get('kube_networking_k8s_io_ingress')?.kind).toBe('Ingress');
    const [plain] = rulesOf({ ...rule, resources: { template: '<<.Resource>>' } }).custom;
    expect(plain!.labels.byLabel(builtIn).get('namespaces')?.kind).toBe('Namespace');
    expect(plain!.labels.byLabel(builtIn).has('instance')).toBe(false);
  });

  it.each([
    [{}, 'http_requests_total', 'http_requests_total'],
    [{ matches: '^(.*)_total$' }, 'http_requests_total', 'http_requests'],
    [
      { matches: '^(.*)_total$', as: ['$', '{1}_per_second'].join('') },
      'http_requests_total',
      'http_requests_per_second',
    ],
    [{ matches: '^(?P<what>.*)_total$', as: ['my_$', '{what}'].join('') }, 'http_requests_total', 'my_http_requests'],
    [{ as: 'all_$0' }, 'x', 'all_x'],
    [{ matches: '^other$' }, 'x', undefined],
  ])('with the name %j calls %s %s', (name, series, expected) => {
    expect(rulesOf({ ...rule, name }).custom[0]!.nameOf(series)).toBe(expected);
  });
});

test.each([
  ['rules: [', 'the rules are no YAML'],
  ['[]', 'the configuration: must be an object'],
  ['rules: {}', 'rules: must be a list'],
  ['rule: []', 'unknown field "rule"'],
  ['rules: [{seriesQuery: a, metricsQuery: b, foo: 1}]', 'unknown field "rules[0].foo"'],
  ['rules: [{metricsQuery: b}]', 'rules[0].seriesQuery: is required'],
  ['rules: [{seriesQuery: a}]', 'rules[0].metricsQuery: is required'],
  ['rules: [{seriesQuery: a, metricsQuery: "<<.Foo>>"}]', 'Unsupported value: "<<.Foo>>"'],
  ['rules: [{seriesQuery: a, metricsQuery: b, name: {matches: "("}}]', 'name.matches: is no regular expression'],
  ['rules: [{seriesQuery: a, metricsQuery: b, name: {matches: "(.)(.)"}}]', 'rules[0].name.as: is required'],
  ['rules: [{seriesQuery: a, metricsQuery: b, seriesFilters: [{}]}]', 'must have either is or isNot'],
  ['rules: [{seriesQuery: a, metricsQuery: b, resources: {template: "x"}}]', 'must have <<.Resource>> once'],
  [
    'rules: [{seriesQuery: a, metricsQuery: b, resources: {template: "x}<<.Resource>>"}}]',
    'characters that no label has',
  ],
  [
    'rules: [{seriesQuery: a, metricsQuery: b, resources: {overrides: {"a-b": {resource: pod}}}}]',
    'is no name of a label',
  ],
  ['rules: [{seriesQuery: a, metricsQuery: b, resources: {overrides: {a: {}}}}]', 'must have a group and a resource'],
  ['rules: [{seriesQuery: a, metricsQuery: b, resources: {namespaced: 1}}]', 'must be true or false'],
  [
    'externalRules: [{seriesQuery: a, metricsQuery: b}]',
    'externalRules[0].resources: must name the label of the namespace',
  ],
])('%s is refused, naming the field', (text, problem) => {
  expect(() => parseRules(text)).toThrow(problem);
});

test('matchers stand for selectors, and no value breaks out of its text', () => {
  const text = (selector: string) => matchersText(matchersOf(parseLabelSelector(selector)));
  expect(text('a=b,c in (d,e.f),!g,h,i!=j,k notin (l,m)')).toBe('a="b",c=~"d|e\\\\.f",g="",h!="",i!="j",k!~"l|m"');
  expect(matchersText([oneOf('pod', ['a"} or up{x="', 'b\\'])])).toBe('pod=~"a\\"\\\\} or up\\\\{x=\\"|b\\\\\\\\"');
  expect(valuesByName([oneOf('pod', ['a', 'b'])])).toEqual({ pod: 'a|b' });
});
