import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectFile } from '../../e2e/command.ts';
import type { TestCluster } from '../../e2e/harness.ts';
import { testImages } from './images.ts';
import { serveImages } from './registry.ts';
import { type Outcome, outcomesOf, patternOf } from './report.ts';

/** Longest run of the tests. */
const timeout = '5h';

/**
 * Runs tests by their full names against a cluster. Outcomes are by name, each with the commit that it was seen on; tests that did not
 * begin have none.
 * @param procs Processes in which tests run at the same time.
 */
export async function runTests(
  cluster: TestCluster,
  programs: string,
  names: readonly string[],
  procs: number,
): Promise<Map<string, Outcome>> {
  const report = join(programs, 'report.json');
  await using _registry = await serveImages(Object.values(await testImages(programs)).flat(), cluster.stateDir);
  await rm(report, { force: true });
  const log = openSync(join(programs, 'output.log'), 'w');
  const flags = ['--no-color', `--procs=${procs}`, `--timeout=${timeout}`, `--focus=${patternOf(names)}`];
  const tests = [join(programs, 'e2e.test'), '--', ...flagsOf(cluster, programs)];
  const child = spawn(
    join(programs, 'ginkgo'),
    [...flags, '--json-report=report.json', `--output-dir=${programs}`, ...tests],
    { stdio: ['ignore', log, log], cwd: programs },
  );
  await once(child, 'close');
  closeSync(log);
  const seenOn = commit();
  const outcomes = outcomesOf(await readFile(report, 'utf8'));
  return new Map([...outcomes].map(([name, outcome]) => [name, { ...outcome, commit: seenOn }]));
}

function flagsOf({ stateDir }: TestCluster, programs: string): string[] {
  return [
    `--kubeconfig=${join(stateDir, 'kubeconfig')}`,
    `--kubectl-path=${join(programs, 'kubectl')}`,
    '--provider=skeleton',
    '--allowed-not-ready-nodes=-1',
  ];
}

/** The project's commit, abbreviated; `unknown` outside of a repository. */
function commit(): string {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: projectFile('test'),
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : 'unknown';
}
