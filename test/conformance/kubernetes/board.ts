import type { ConformanceTest, Outcome } from './report.ts';

/**
 * The scoreboard of all conformance tests, in Markdown: counts by area, and each failure with its reason.
 * @param withoutContainers Names of the tests that wait for no container to run, which are counted beside the areas.
 */
export function conformanceBoard(
  heading: string,
  about: string,
  tests: readonly ConformanceTest[],
  outcomes: ReadonlyMap<string, Outcome>,
  withoutContainers: ReadonlySet<string>,
): string {
  const areas = [...Map.groupBy(tests, ({ area }) => area)].sort(([, left], [, right]) => right.length - left.length);
  const ofApi = tests.filter(({ name }) => withoutContainers.has(name));
  const rows = [...areas, ['all', tests] as const, ['of these, without running containers', ofApi] as const].map(
    ([area, ofArea]) => row(area, ofArea, outcomes),
  );
  return [
    heading,
    '',
    about,
    '',
    '| area | tests | passed | failed | not run |',
    '| --- | --: | --: | --: | --: |',
    ...rows,
    '',
    ...failures(tests, outcomes),
    ...notRun(tests, outcomes),
  ].join('\n');
}

function row(area: string, tests: readonly ConformanceTest[], outcomes: ReadonlyMap<string, Outcome>): string {
  const count = (state: Outcome['state']): number =>
    tests.filter(({ name }) => outcomes.get(name)?.state === state).length;
  const [passed, failed] = [count('passed'), count('failed')];
  return `| ${area} | ${tests.length} | ${passed} | ${failed} | ${tests.length - passed - failed} |`;
}

/** Failures by their reasons, those that most tests share first. */
function failures(tests: readonly ConformanceTest[], outcomes: ReadonlyMap<string, Outcome>): string[] {
  const failed = tests.filter(({ name }) => outcomes.get(name)?.state === 'failed');
  if (failed.length === 0) return [];
  const reasons = [...Map.groupBy(failed, ({ name }) => generalized(outcomes.get(name)?.problem ?? ''))];
  reasons.sort(([, left], [, right]) => right.length - left.length);
  const blocks = reasons.flatMap(([reason, of]) => [`- ${reason}`, ...of.map(({ name }) => `  - ${escaped(name)}`)]);
  return ['### Failures and their reasons', '', ...blocks, ''];
}

function notRun(tests: readonly ConformanceTest[], outcomes: ReadonlyMap<string, Outcome>): string[] {
  const left = tests.filter(({ name }) => !outcomes.has(name));
  if (left.length === 0) return [];
  return ['### Not run', '', ...left.map(({ name }) => `- ${escaped(name)}`), ''];
}

/** A message without the names and numbers that differ from run to run. */
export function generalized(problem: string): string {
  const plain = problem
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replaceAll(/-\d{2,5}\b/g, '-N')
    .replaceAll(/0x[0-9a-f]+/g, '0x…');
  return `\`${plain.replaceAll('`', "'").slice(0, maxReasonChars)}\``;
}

const maxReasonChars = 200;

function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('|', '\\|');
}
