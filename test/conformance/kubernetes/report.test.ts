import { expect, test } from 'vitest';
import { conformanceBoard, generalized, otherBoard } from './board.ts';
import { conformanceTests, otherTests, outcomesOf, patternOf } from './report.ts';

const spec = (text: string, State: string, Message?: string) => ({
  LeafNodeType: 'It',
  LeafNodeText: text,
  ContainerHierarchyTexts: ['[sig-x] Group'],
  State,
  Failure: { Message },
});
const report = JSON.stringify([
  {
    SpecReports: [
      spec('works', 'passed'),
      spec('fails', 'failed', 'expected\n   this\n'),
      spec('hangs', 'timedout', 'too late'),
      spec('was left out', 'skipped'),
      spec('had nothing to test', 'skipped', 'no default storage class'),
      spec('was stopped', 'interrupted'),
      { ...spec('', 'failed'), LeafNodeType: 'ReportAfterSuite' },
    ],
  },
]);
const listed = [
  { codename: '[sig-x] Group works' },
  { codename: '[sig-x] Group fails' },
  { codename: '[sig-y] Other' },
];

test('a report has the outcomes of tests that began, and those that were stopped have failed', () => {
  expect(Object.fromEntries(outcomesOf(report))).toEqual({
    '[sig-x] Group works': { state: 'passed' },
    '[sig-x] Group fails': { state: 'failed', problem: 'expected this' },
    '[sig-x] Group had nothing to test': { state: 'skipped', problem: 'no default storage class' },
    '[sig-x] Group hangs': { state: 'failed', problem: 'stopped before its end: too late' },
    '[sig-x] Group was stopped': { state: 'failed', problem: 'stopped before its end: interrupted' },
  });
});

test('the pattern of names finds them and no others', () => {
  const name = '[sig-x] Group a.b (c) [Conformance]';
  const pattern = new RegExp(patternOf([name]));
  expect(pattern.test(`Suite ${name}`)).toBe(true);
  expect(pattern.test('Suite [sig-x] Group axb (c) [Conformance]')).toBe(false);
  expect(pattern.test(`${name} [Slow]`)).toBe(false);
});

test('the board counts by area, and names failures by reason and what was not run', () => {
  const board = conformanceBoard(
    '## Title',
    'About.',
    conformanceTests(listed),
    outcomesOf(report),
    new Set(['[sig-x] Group works', '[sig-y] Other']),
  );
  expect(board.split('\n')).toEqual(
    expect.arrayContaining([
      '## Title',
      '| x | 2 | 1 | 1 | 0 |',
      '| y | 1 | 0 | 0 | 1 |',
      '| all | 3 | 1 | 1 | 1 |',
      '| of these, without running containers | 2 | 1 | 0 | 1 |',
      '- `expected this`',
      '  - [sig-x] Group fails',
      '- [sig-y] Other',
    ]),
  );
});

test('further tests are those without marks of clouds, closed gates and conformance', () => {
  const printed = [
    'The following spec names can be used',
    '    k8s.io/kubernetes@v1/test/e2e/x.go:1: [sig-x] Group works',
    '    k8s.io/kubernetes@v1/test/e2e/x.go:2: [sig-x] Group conforms [Conformance]',
    '    k8s.io/kubernetes@v1/test/e2e/x.go:3: [sig-x] Group in a cloud [Provider:gce]',
    '    k8s.io/kubernetes@v1/test/e2e/x.go:4: [sig-x] Group later [Alpha] [Feature:OffByDefault]',
    '    k8s.io/kubernetes@v1/test/e2e/x.go:5: [sig-x] Group had nothing to test',
  ].join('\n');
  const tests = otherTests(printed);
  expect(tests.map(({ name }) => name)).toEqual(['[sig-x] Group works', '[sig-x] Group had nothing to test']);
  expect(otherBoard('## Title', 'About.', tests, outcomesOf(report)).split('\n')).toEqual([
    '## Title',
    '',
    'About.',
    '',
    '2 tests: 1 passed, 0 failed, 1 had nothing to test, 0 were not run.',
    '',
    '### Nothing to test, and why',
    '',
    '- `no default storage class`',
    '  - [sig-x] Group had nothing to test',
    '',
  ]);
});

test('reasons that differ by generated names are one', () => {
  const [one, other] = [
    'pod "a-3f2b1c4d-0000-1111-2222-333344445555" in ns-4711',
    'pod "a-00000000-0000-1111-2222-333344445555" in ns-12',
  ];
  expect(generalized(one!)).toBe(generalized(other!));
  expect(generalized('another')).not.toBe(generalized(one!));
});
