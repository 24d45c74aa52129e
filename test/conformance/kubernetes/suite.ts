import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectFile } from '../../e2e/command.ts';
import type { Choice, Suite } from '../scoreboard.ts';
import { conformanceBoard, otherBoard } from './board.ts';
import { build, version } from './build.ts';
import { runTests } from './ginkgo.ts';
import { writeTestImages } from './images.ts';
import { conformanceTests, type ListedTest, type Outcome, otherTests } from './report.ts';

const folder = projectFile('test/conformance/kubernetes');

/** Names of the tests that wait for no container to run, from their sources: of the api, and of controllers that it suffices for. */
const apiTestsFile = join(folder, 'without-containers.json');

const images =
  "Images of the names that the tests use are made of the programs of Kubernetes' modules and of this machine.";

/** Kubernetes' own conformance tests. */
export const kubernetes: Suite = {
  name: 'kubernetes',
  title: `Kubernetes ${version}: conformance tests`,
  build,
  images: writeTestImages,
  async run(cluster, programs, choice) {
    const tests = conformanceTests(parse(output(programs, '--list-conformance-tests')));
    const chosen = chosenOf(tests, choice);
    const outcomes = await runTests(cluster, programs, chosen, choice.procs);
    const all = await merged('results.json', tests, outcomes);
    const ofApi = new Set<string>(JSON.parse(await readFile(apiTestsFile, 'utf8')));
    const about = `${aboutOf(kubernetes, '[--area AREA] [--focus REGEX]', 'results.json')} ${images}`;
    const board = conformanceBoard(`## ${kubernetes.title}`, about, tests, all, ofApi);
    return { results: chosen.map((name) => resultOf(name, outcomes.get(name))), board };
  },
};

/** The area whose further tests are kept on the board. */
const furtherArea = 'apps';

/** Kubernetes' tests of workloads that are no conformance tests, as far as they need no cloud and nothing that is off by default. */
export const kubernetesApps: Suite = {
  name: 'kubernetes-apps',
  title: `Kubernetes ${version}: further tests of workloads`,
  build,
  images: writeTestImages,
  async run(cluster, programs, choice) {
    const tests = otherTests(output(programs, '--list-tests')).filter(({ area }) => area === furtherArea);
    const chosen = chosenOf(tests, choice);
    const outcomes = await runTests(cluster, programs, chosen, choice.procs);
    const all = await merged('results-apps.json', tests, outcomes);
    const about = aboutOf(kubernetesApps, '[--focus REGEX]', 'results-apps.json');
    const board = otherBoard(`## ${kubernetesApps.title}`, about, tests, all);
    return { results: chosen.map((name) => resultOf(name, outcomes.get(name))), board };
  },
};

function output(programs: string, flag: string): string {
  return execFileSync(join(programs, 'e2e.test'), [flag], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function aboutOf({ name }: Suite, flags: string, file: string): string {
  const results = `The commit on which each result was seen is in [${file}](../test/conformance/kubernetes/${file}).`;
  return `\`npm run conformance -- --suite ${name} ${flags}\`. ${results}`;
}

function chosenOf(tests: readonly ListedTest[], { area, focus }: Choice): string[] {
  const pattern = new RegExp(focus ?? '');
  const inArea = tests.filter((test) => area === undefined || test.area === area);
  const names = inArea.map(({ name }) => name).filter((name) => pattern.test(name));
  if (names.length > 0) return names;
  const areas = [...new Set(tests.map((test) => test.area))].sort().join(', ');
  throw new Error(`no test is in the area and has the focus; areas are ${areas}`);
}

/** Writes the outcomes of a run over those of earlier runs, for the tests that there are: a run of some leaves those of the others. */
async function merged(
  file: string,
  tests: readonly ListedTest[],
  outcomes: ReadonlyMap<string, Outcome>,
): Promise<Map<string, Outcome>> {
  const path = join(folder, file);
  const before = new Map<string, Outcome>(Object.entries(JSON.parse(await readFile(path, 'utf8'))));
  const all = tests.flatMap(({ name }): [string, Outcome][] => {
    const outcome = outcomes.get(name) ?? before.get(name);
    return outcome === undefined ? [] : [[name, outcome]];
  });
  await writeFile(path, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
  return new Map(all);
}

function resultOf(name: string, outcome: Outcome | undefined): { name: string; problem?: string } {
  if (outcome === undefined) return { name, problem: 'it was not run to its end' };
  return outcome.state === 'failed' ? { name, problem: outcome.problem ?? 'failed' } : { name };
}
