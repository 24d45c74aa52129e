import type { TestCluster } from '../e2e/harness.ts';

/** Result of one test; `problem` says why it failed. */
export interface TestResult {
  readonly name: string;
  readonly problem?: string;
}

/** The tests of a suite that are to run. */
export interface Choice {
  /** Such as api-machinery, for a suite that has areas; all if absent. */
  readonly area?: string | undefined;
  /** A regular expression that names match; all if absent. */
  readonly focus?: string | undefined;
  /** Processes in which tests run at the same time. */
  readonly procs: number;
}

/** Outcome of a run. */
export interface Run {
  readonly results: readonly TestResult[];
  /** The suite's scoreboard, heading included, where it is another one than the list of results. */
  readonly board?: string;
}

/** A suite or a program of others. */
export interface Suite {
  /** As --suite names it. */
  readonly name: string;
  /** Heading of its scoreboard. */
  readonly title: string;
  /** Builds what it runs; resolves to the folder with the programs. */
  readonly build: () => Promise<string>;
  /** Builds images of containers into the folder from which the nodes of the cluster will take them in. */
  readonly images?: (programs: string, folder: string) => Promise<void>;
  readonly run: (cluster: TestCluster, programs: string, choice: Choice) => Promise<Run>;
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
