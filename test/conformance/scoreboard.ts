import type { TestCluster } from '../e2e/harness.ts';

/** Result of one test; `problem` says why it failed. */
export interface TestResult {
  readonly name: string;
  readonly problem?: string;
}

/** A suite or a program of others. */
export interface Suite {
  /** As --suite names it. */
  readonly name: string;
  /** Heading of its scoreboard. */
  readonly title: string;
  /** Builds what it runs; resolves to the folder with the programs. */
  readonly build: () => Promise<string>;
  readonly run: (cluster: TestCluster, programs: string) => Promise<readonly TestResult[]>;
}

/** The scoreboard of a suite, in Markdown. */
export function boardOf(suite: Pick<Suite, 'name' | 'title'>, results: readonly TestResult[], now: Date): string {
  const failed = results.filter(({ problem }) => problem !== undefined);
  const lines = results.map(
    ({ name, problem }) => `| ${cell(name)} | ${problem === undefined ? 'passed' : `failed: ${cell(problem)}`} |`,
  );
  return [
    `## ${suite.title}`,
    '',
    `\`npm run conformance -- --suite ${suite.name}\`, ${now.toISOString().slice(0, 10)}: ${results.length - failed.length} passed, ${failed.length} failed.`,
    '',
    '| test | result |',
    '| --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

/** A page with the scoreboard in the place of an older one of the same heading, or at its end. */
export function withBoard(page: string, board: string): string {
  const heading = board.slice(0, board.indexOf('\n'));
  const start = page.indexOf(`${heading}\n`);
  if (start < 0) return `${page.trimEnd()}\n\n${board}`;
  const next = page.indexOf('\n## ', start + heading.length);
  const rest = next < 0 ? '' : page.slice(next + 1);
  return `${page.slice(0, start)}${board}${rest === '' ? '' : `\n${rest}`}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 500);
}
