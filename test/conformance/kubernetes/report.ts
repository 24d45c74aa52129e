/** State of one test after a run. */
export interface Outcome {
  readonly state: 'passed' | 'failed';
  /** The beginning of the failure's message, on one line. */
  readonly problem?: string;
  /** The commit of the project that it was seen on. */
  readonly commit?: string;
}

/** The parts of Ginkgo's JSON report that are read. */
interface SpecReport {
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly ContainerHierarchyTexts?: readonly string[] | null;
  readonly State: string;
  readonly Failure?: { readonly Message?: string };
}
type Report = readonly { readonly SpecReports?: readonly SpecReport[] | null }[];

const maxProblemChars = 300;

/** Outcomes by the names of tests in a JSON report of Ginkgo. Tests that did not begin have none. */
export function outcomesOf(reportJson: string): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const { SpecReports } of JSON.parse(reportJson) as Report) {
    for (const spec of SpecReports ?? []) {
      const outcome = spec.LeafNodeType === 'It' ? outcomeOf(spec) : undefined;
      if (outcome !== undefined)
        outcomes.set([...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(' '), outcome);
    }
  }
  return outcomes;
}

function outcomeOf({ State, Failure }: SpecReport): Outcome | undefined {
  switch (State) {
    case 'passed':
      return { state: 'passed' };
    case 'failed':
    case 'panicked':
      return { state: 'failed', problem: onOneLine(Failure?.Message ?? State) };
    case 'timedout':
    case 'interrupted':
    case 'aborted':
      return { state: 'failed', problem: onOneLine(`stopped before its end: ${Failure?.Message ?? State}`) };
    default:
      return undefined;
  }
}

function onOneLine(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .join(' ')
    .slice(0, maxProblemChars);
}

/** A conformance test. */
export interface ConformanceTest {
  readonly name: string;
  /** The special interest group that owns it, such as api-machinery. */
  readonly area: string;
}

/** Tests of the list that `e2e.test --list-conformance-tests` prints, after it was parsed as YAML. */
export function conformanceTests(list: readonly { readonly codename: string }[]): ConformanceTest[] {
  return list.map(({ codename: name }) => ({ name, area: /^\[sig-([^\]]+)\]/.exec(name)?.[1] ?? 'other' }));
}

/** A pattern of Ginkgo's that finds exactly the tests of these names. */
export function patternOf(names: readonly string[]): string {
  return `(${names.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|')})$`;
}
