import type { ListedTest, Outcome } from './report.ts';

/**
 * The scoreboard of all conformance tests, in Markdown: counts by area, and each failure with its reason.
 * @param withoutContainers Names of the tests that wait for no container to run, which are counted beside the areas.
 */
export function conformanceBoard(
  heading: string,
  about: string,
  tests: readonly ListedTest[],
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

function row(area: string, tests: readonly ListedTest[], outcomes: ReadonlyMap<string, Outcome>): string {
  const count = (state: Outcome['state']): number =>
    tests.filter(({ name }) => outcomes.get(name)?.state === state).length;
  const [passed, failed] = [count('passed'), count('failed')];
  return `| ${area} | ${tests.length} | ${passed} | ${failed} | ${tests.length - passed - failed} |`;
}

/** The scoreboard of further tests, in Markdown: counts, and each failure and each test that found nothing to test with its reason. */
export function otherBoard(
  heading: string,
  about: string,
  tests: readonly ListedTest[],
  outcomes: ReadonlyMap<string, Outcome>,
): string {
  const count = (state: Outcome['state']): number =>
    tests.filter(({ name }) => outcomes.get(name)?.state === state).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  const rest = tests.length - passed - failed - skipped;
  return [
    heading,
    '',
    about,
    '',
    `${tests.length} tests: ${passed} passed, ${failed} failed, ${skipped} had nothing to test, ${rest} were not run.`,
    '',
    ...failures(tests, outcomes),
    ...skips(tests, outcomes),
    ...notRun(tests, outcomes),
  ].join('\n');
}

function skips(tests: readonly ListedTest[], outcomes: ReadonlyMap<string, Outcome>): string[] {
  const skipped = tests.filter(({ name }) => outcomes.get(name)?.state === 'skipped');
  return skipped.length === 0 ? [] : ['### Nothing to test, and why', '', ...byReason(skipped, outcomes), ''];
}

/** Failures by their reasons, those that most tests share first. */
function failures(tests: readonly ListedTest[], outcomes: ReadonlyMap<string, Outcome>): string[] {
  const failed = tests.filter(({ name }) => outcomes.get(name)?.state === 'failed');
  if (failed.length === 0) return [];
  return ['### Failures and their reasons', '', ...byReason(failed, outcomes), ''];
}

function byReason(tests: readonly ListedTest[], outcomes: ReadonlyMap<string, Outcome>): string[] {
  const reasons = [...Map.groupBy(tests, ({ name }) => generalized(outcomes.get(name)?.problem ?? ''))];
  reasons.sort(([, left], [, right]) => right.length - left.length);
  return reasons.flatMap(([reason, of]) => [`- ${reason}`, ...of.map(({ name }) => `  - ${escaped(name)}`)]);
}

function notRun(tests: readonly ListedTest[], outcomes: ReadonlyMap<string, Outcome>): string[] {
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
