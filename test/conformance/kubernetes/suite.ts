import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectFile } from '../../e2e/command.ts';
import type { TestCluster } from '../../e2e/harness.ts';
import type { Choice, Run, Suite } from '../scoreboard.ts';
import { conformanceBoard } from './board.ts';
import { testImages, writeTestImages } from './images.ts';
import { serveImages } from './registry.ts';
import { type ConformanceTest, conformanceTests, type Outcome, outcomesOf, patternOf } from './report.ts';

/** Version of Kubernetes whose tests run, as in the module file: they say it of themselves and of kubectl. */
const version = 'v1.37.2';
const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version)!;

const folder = projectFile('test/conformance/kubernetes');
/** Outcomes of all tests by name, so that a run of some of them leaves those of the others on the board. */
const resultsFile = join(folder, 'results.json');

/** Names of the tests that wait for no container to run, from their sources: of the api, and of controllers that it suffices for. */
const apiTestsFile = join(folder, 'without-containers.json');

/** Programs of the suite with the packages that they are built from. */
const packages = {
  agnhost: 'k8s.io/kubernetes/test/images/agnhost',
  etcd: 'go.etcd.io/etcd/server/v3',
  ginkgo: 'github.com/onsi/ginkgo/v2/ginkgo',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  nonewprivs: 'k8s.io/kubernetes/test/images/nonewprivs',
  'regression-issue-74839': 'k8s.io/kubernetes/test/images/regression-issue-74839',
  'sample-apiserver': 'k8s.io/sample-apiserver',
} as const;

/** Files of the tests' images in the module of Kubernetes, with the names under which they are kept. */
const imageFiles = {
  'agnhost/porter/localhost.crt': 'localhost.crt',
  'agnhost/porter/localhost.key': 'localhost.key',
  'nautilus/html/data.json': 'nautilus.json',
  'kitten/html/data.json': 'kitten.json',
} as const;

/** Longest run of the tests. */
const timeout = '5h';

/** Kubernetes' own conformance tests. */
export const kubernetes: Suite = {
  name: 'kubernetes',
  title: `Kubernetes ${version}: conformance tests`,
  build,
  images: writeTestImages,
  run,
};

async function build(): Promise<string> {
  const programs = projectFile('.gantry/conformance/kubernetes');
  await mkdir(programs, { recursive: true });
  const stamp = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .map((path) => `-X ${path}.gitVersion=${version} -X ${path}.gitMajor=${major} -X ${path}.gitMinor=${minor}`)
    .join(' ');
  const options = ['-trimpath', '-ldflags', `-s -w ${stamp}`];
  for (const [name, path] of Object.entries(packages)) go(['build', ...options, '-o', join(programs, name), path]);
  go(['test', '-c', ...options, '-o', join(programs, 'e2e.test'), 'k8s.io/kubernetes/test/e2e']);
  const listed = ['list', '-m', '-f', '{{.Dir}}', 'k8s.io/kubernetes'];
  const source = execFileSync('go', listed, { cwd: folder, encoding: 'utf8' }).trim();
  for (const [path, name] of Object.entries(imageFiles)) {
    await copyFile(join(source, 'test/images', path), join(programs, name));
  }
  return programs;
}

/** Programs run in images that have no C library. */
function go(args: readonly string[]): void {
  const env = { ...process.env, CGO_ENABLED: '0' };
  const { status } = spawnSync('go', args, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`go ${args.join(' ')} failed`);
}

async function run(cluster: TestCluster, programs: string, choice: Choice): Promise<Run> {
  const test = join(programs, 'e2e.test');
  const listed = execFileSync(test, ['--list-conformance-tests'], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const tests = conformanceTests(parse(listed));
  const chosen = chosenOf(tests, choice);
  const report = join(programs, 'report.json');
  await using _registry = await serveImages(Object.values(await testImages(programs)).flat(), cluster.stateDir);
  await rm(report, { force: true });
  const log = openSync(join(programs, 'output.log'), 'w');
  const flags = ['--no-color', `--procs=${choice.procs}`, `--timeout=${timeout}`, `--focus=${patternOf(chosen)}`];
  const child = spawn(
    join(programs, 'ginkgo'),
    [...flags, '--json-report=report.json', `--output-dir=${programs}`, test, '--', ...flagsOf(cluster, programs)],
    { stdio: ['ignore', log, log], cwd: programs },
  );
  await once(child, 'close');
  closeSync(log);
  const outcomes = outcomesOf(await readFile(report, 'utf8'));
  const all = await merged(tests, outcomes, commit());
  return { results: chosen.map((name) => resultOf(name, outcomes.get(name))), board: await boardOfAll(tests, all) };
}

/** The scoreboard of all tests. */
async function boardOfAll(tests: readonly ConformanceTest[], outcomes: ReadonlyMap<string, Outcome>): Promise<string> {
  const ofApi = new Set<string>(JSON.parse(await readFile(apiTestsFile, 'utf8')));
  const command = `npm run conformance -- --suite ${kubernetes.name} [--area AREA] [--focus REGEX]`;
  const about = [
    `\`${command}\`. Images of the names that the tests use are made of the programs of Kubernetes' modules and of this machine.`,
    'The commit on which each result was seen is in [results.json](../test/conformance/kubernetes/results.json).',
  ];
  return conformanceBoard(`## ${kubernetes.title}`, about.join(' '), tests, outcomes, ofApi);
}

/** The project's commit, abbreviated; `unknown` outside of a repository. */
function commit(): string {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: folder, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'unknown';
}

function chosenOf(tests: readonly ConformanceTest[], { area, focus }: Choice): string[] {
  const pattern = new RegExp(focus ?? '');
  const inArea = tests.filter((test) => area === undefined || test.area === area);
  const names = inArea.map(({ name }) => name).filter((name) => pattern.test(name));
  if (names.length > 0) return names;
  const areas = [...new Set(tests.map((test) => test.area))].sort().join(', ');
  throw new Error(`no conformance test is in the area and has the focus; areas are ${areas}`);
}

function flagsOf({ stateDir }: TestCluster, programs: string): string[] {
  return [
    `--kubeconfig=${join(stateDir, 'kubeconfig')}`,
    `--kubectl-path=${join(programs, 'kubectl')}`,
    '--provider=skeleton',
    '--allowed-not-ready-nodes=-1',
  ];
}

/** Writes the outcomes of a run over those of earlier runs, for the tests that there are. */
async function merged(
  tests: readonly ConformanceTest[],
  outcomes: ReadonlyMap<string, Outcome>,
  seenOn: string,
): Promise<Map<string, Outcome>> {
  const before = new Map<string, Outcome>(Object.entries(JSON.parse(await readFile(resultsFile, 'utf8'))));
  const all = tests.flatMap(({ name }): [string, Outcome][] => {
    const now = outcomes.get(name);
    const outcome = now === undefined ? before.get(name) : { ...now, commit: seenOn };
    return outcome === undefined ? [] : [[name, outcome]];
  });
  await writeFile(resultsFile, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
  return new Map(all);
}

function resultOf(name: string, outcome: Outcome | undefined): { name: string; problem?: string } {
  if (outcome === undefined) return { name, problem: 'it was not run to its end' };
  return outcome.state === 'passed' ? { name } : { name, problem: outcome.problem ?? 'failed' };
}
