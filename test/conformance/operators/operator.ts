import { join } from 'node:path';
import { Kubectl } from '../../e2e/clients/kubectl.ts';
import { projectFile, type RunningCommand, startProgram } from '../../e2e/command.ts';
import type { TestCluster } from '../../e2e/harness.ts';
import { check, withOutput } from '../check.ts';
import { moduleFolder } from '../go.ts';
import type { TestResult } from '../scoreboard.ts';

/** A program that others wrote to extend Kubernetes. */
export interface Operator {
  /** Also of the folder with its module file. */
  readonly name: string;
  /** The Go package of its program. */
  readonly program: string;
  /** Tests by name, one after another. */
  readonly tests: readonly (readonly [name: string, act: (at: Stage) => Promise<void>])[];
}

/** The cluster and the folders of an operator that is tested. */
export class Stage implements Disposable {
  readonly cluster: TestCluster;
  readonly kubectl: Kubectl;
  readonly #operator: Operator;
  readonly #binary: string;
  readonly #running: RunningCommand[] = [];

  constructor(cluster: TestCluster, operator: Operator, binary: string) {
    this.cluster = cluster;
    this.kubectl = new Kubectl(() => cluster, '1.37', operator.name);
    this.#operator = operator;
    this.#binary = binary;
  }

  /** Last words of the programs. */
  get output(): string {
    return this.#running.map(({ output: { stdout, stderr } }) => (stdout + stderr).slice(-300)).join('; ');
  }

  /** A file among the sources of a module. */
  source(module: string, path: string): string {
    return join(moduleFolder(folderOf(this.#operator), module), path);
  }

  /** Installs definitions from files or folders of a module, and waits until they are established. */
  async define(module: string, paths: readonly string[]): Promise<void> {
    const files = paths.flatMap((path) => ['-f', this.source(module, path)]);
    // Their text is longer than an annotation may be.
    const applied = await this.kubectl.ok('apply', '--server-side', ...files, '-o', 'name');
    const names = applied.split('\n').filter((name) => name.startsWith('customresourcedefinition'));
    await this.kubectl.ok('wait', '--for=condition=Established', '--timeout=60s', ...names);
  }

  /** Starts the operator's program. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
    const program = startProgram(this.#binary, args, { env });
    this.#running.push(program);
    return program;
  }

  [Symbol.dispose](): void {
    for (const program of this.#running) program.kill();
    this.kubectl[Symbol.dispose]();
  }
}

/** The folder with the module file of an operator. */
export function folderOf({ name }: Pick<Operator, 'name'>): string {
  return projectFile(`test/conformance/operators/${name}`);
}

/** Runs all tests of an operator in a namespace of its name. */
export async function runOperator(operator: Operator, cluster: TestCluster, binary: string): Promise<TestResult[]> {
  using stage = new Stage(cluster, operator, binary);
  await stage.kubectl.ok('create', 'namespace', operator.name);
  const results: TestResult[] = [];
  for (const [name, act] of operator.tests) {
    const result = await check(`${operator.name}: ${name}`, () => act(stage));
    results.push(withOutput(result, stage.output));
  }
  return results;
}
