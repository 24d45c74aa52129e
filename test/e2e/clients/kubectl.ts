import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, projectFile, type RunningCommand, startProgram } from '../command.ts';
import type { TestCluster } from '../harness.ts';

/** Versions of kubectl that the set-up fetches, newest first, each with a version of helm beside it. */
export const kubectlVersions = ['1.37', '1.36', '1.22'] as const;
export type KubectlVersion = (typeof kubectlVersions)[number];

/** Whether a version has what came with another one. */
export function atLeast(version: KubectlVersion, since: string): boolean {
  return Number(version.split('.')[1]) >= Number(since.split('.')[1]);
}

/** Path of a client's binary. */
export function clientBinary(version: KubectlVersion, name: 'kubectl' | 'helm'): string {
  return projectFile(`.gantry/clients/${version}/${name}`);
}

/** A value that comes from outside, looked at by expectations only. */
export type Loose = ReturnType<typeof JSON.parse>;

/** Settings of one run. */
export interface RunOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A version of kubectl that speaks to a cluster, in a namespace and with a folder of its own. */
export class Kubectl {
  readonly version: KubectlVersion;
  readonly namespace: string;
  /** Folder for manifests and what a command leaves behind. */
  readonly folder: string;
  readonly #cluster: () => TestCluster;

  constructor(cluster: () => TestCluster, version: KubectlVersion, namespace: string) {
    this.#cluster = cluster;
    this.version = version;
    this.namespace = namespace;
    this.folder = mkdtempSync(join(tmpdir(), `gantry-kubectl-${version}-`));
  }

  /** Path of the kubeconfig. */
  get kubeconfig(): string {
    return join(this.#cluster().stateDir, 'kubeconfig');
  }

  /** Runs kubectl to its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return this.start(args, options).ended;
  }

  /** Runs kubectl to its end, and resolves to its standard output; throws with what it said when it fails. */
  async ok(...args: readonly string[]): Promise<string> {
    return (await this.okWith(args)).stdout;
  }

  /** The same with input or environment. */
  async okWith(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const result = await this.run(args, options);
    if (result.code === 0) return result;
    throw new Error(
      `kubectl ${args.join(' ')} ended with code ${result.code}: ${result.stderr.slice(0, 2_000)}${result.stdout.slice(0, 500)}`,
    );
  }

  /** Runs a command that must fail; resolves to what it said. */
  async fails(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code === 0) throw new Error(`kubectl ${args.join(' ')} did not fail: ${stdout}`);
    return stderr;
  }

  /** An object or list, as JSON. */
  async json(...args: readonly string[]): Promise<Loose> {
    return JSON.parse(await this.ok(...args, '-o', 'json'));
  }

  /** Starts kubectl. */
  start(args: readonly string[], { input = '', env = {} }: RunOptions = {}): RunningCommand {
    const flags = ['--kubeconfig', this.kubeconfig, '--cache-dir', join(this.folder, 'cache'), '-n', this.namespace];
    return startProgram(clientBinary(this.version, 'kubectl'), [...flags, ...args], { input, env });
  }

  /** Writes a manifest; resolves to its path. */
  file(name: string, content: string | object): string {
    const path = join(this.folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
