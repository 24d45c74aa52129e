/**
 * Runs suites and programs that others wrote against a cluster of Gantry, and writes the scoreboard:
 *
 *     npm run conformance -- [--suite kubernetes|kubernetes-apps|clients|operators] [--area AREA] [--focus REGEX] [--procs N]
 *
 * Each suite has a module file of its own and is built from Go modules; without Go nothing is run, and the scoreboard stays.
 * Area and focus choose tests of suites that have many.
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { projectFile } from '../e2e/command.ts';
import { startTestCluster } from '../e2e/harness.ts';
import { clients } from './clients/suite.ts';
import { kubernetes, kubernetesApps } from './kubernetes/suite.ts';
import { operators } from './operators/suite.ts';
import { boardOf, type Suite, withBoard } from './scoreboard.ts';

const suites: readonly Suite[] = [kubernetes, kubernetesApps, clients, operators];
const scoreboard = projectFile('docs/conformance.md');

const { values } = parseArgs({
  options: {
    suite: { type: 'string' },
    area: { type: 'string' },
    focus: { type: 'string' },
    procs: { type: 'string', default: '2' },
  },
});
const chosen = suites.filter(({ name }) => values.suite === undefined || name === values.suite);
if (chosen.length === 0) {
  const names = suites.map(({ name }) => JSON.stringify(name)).join(', ');
  end(`--suite: Unsupported value: "${values.suite}": supported values: ${names}`);
}
const go = spawnSync('go', ['version'], { encoding: 'utf8' });
if (go.status !== 0) end('the suites are built from Go modules, and there is no `go` on this machine');

let failures = 0;
for (const suite of chosen) {
  say(`building ${suite.name}`);
  const programs = await suite.build();
  say(`starting a cluster for ${suite.name}`);
  await using cluster = await startTestCluster('up', {
    images: (folder) => suite.images?.(programs, folder) ?? Promise.resolve(),
    times: 'usual',
  });
  const choice = { area: values.area, focus: values.focus, procs: Number(values.procs) };
  const { results, board } = await suite.run(cluster, programs, choice);
  for (const { name, problem } of results)
    say(`${problem === undefined ? 'passed' : 'FAILED'}: ${name}${problem === undefined ? '' : `: ${problem}`}`);
  failures += results.filter(({ problem }) => problem !== undefined).length;
  const text = await readFile(scoreboard, 'utf8');
  await writeFile(scoreboard, withBoard(text, board ?? boardOf(suite, results, new Date())));
}
process.exit(failures === 0 ? 0 : 1);

function say(text: string): void {
  process.stdout.write(`conformance: ${text}\n`);
}

function end(problem: string): never {
  process.stderr.write(`conformance: ${problem}\n`);
  process.exit(2);
}
