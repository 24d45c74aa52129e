/** State of one test after a run. */
export interface Outcome {
  /** Tests that find that the cluster lacks what they are about are skipped. */
  readonly state: 'passed' | 'failed' | 'skipped';
  /** The beginning of the message of the failure, or of the reason to skip it, on one line. */
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
    case 'skipped':
      // Those that were not chosen are skipped without words.
      return Failure?.Message ? { state: 'skipped', problem: onOneLine(Failure.Message) } : undefined;
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

/** A test of a list. */
export interface ListedTest {
  readonly name: string;
  /** The special interest group that owns it, such as api-machinery. */
  readonly area: string;
}

/** Tests of the list that `e2e.test --list-conformance-tests` prints, after it was parsed as YAML. */
export function conformanceTests(list: readonly { readonly codename: string }[]): ListedTest[] {
  return list.map(({ codename }) => listed(codename));
}

/** Labels of tests that need a cloud, gates that are closed by default, a shell on the nodes, or that are conformance tests. */
const leftOut = /\[(Conformance|Provider:[^\]]*|Feature:OffByDefault|Disruptive)\]/;

/** Tests of the list that `e2e.test --list-tests` prints that are no conformance tests and may run on any cluster. */
export function otherTests(printed: string): ListedTest[] {
  const names = printed.split('\n').flatMap((line) => /^\s*\S+\.go:\d+: (\[sig-.*)$/.exec(line)?.[1] ?? []);
  return names.filter((name) => !leftOut.test(name)).map(listed);
}

function listed(name: string): ListedTest {
  return { name, area: /^\[sig-([^\]]+)\]/.exec(name)?.[1] ?? 'other' };
}

/** A pattern of Ginkgo's that finds exactly the tests of these names. */
export function patternOf(names: readonly string[]): string {
  return `(${names.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|')})$`;
}
