import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestCluster } from './harness.ts';
import { eventually } from './wait.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Path of a file of the project. */
export function projectFile(path: string): string {
  return join(root, path);
}

/** Result of a run of a program. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs. */
export interface RunningCommand {
  /** Output until now. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly pid: number | undefined;
  /** Resolves when its standard output (or error) holds the text. */
  says(text: string | RegExp): Promise<void>;
  /** Sends it a signal, SIGTERM if none is named. */
  kill(signal?: NodeJS.Signals): void;
  /** Resolves when it ended. */
  readonly ended: Promise<CommandResult>;
}

/** Longest that a command may take, in milliseconds. */
const timeoutMs = 120_000;

/** Address of a cluster, and the file with its token. */
export type Reached = Pick<TestCluster, 'address'> & Partial<Pick<TestCluster, 'tokenFile'>>;

/** Flags that lead the gantry command to a cluster. */
export function reaching({ address, tokenFile }: Reached): string[] {
  return ['-s', address, ...(tokenFile === undefined ? [] : ['--token-file', tokenFile])];
}

/** Runs the gantry command against a cluster as a user would, to its end. */
export function gantry(cluster: Reached, args: readonly string[], input = ''): Promise<CommandResult> {
  return startGantry([...reaching(cluster), ...args], { input }).ended;
}

/** Runs the gantry command to its end, and resolves to its output; throws with what it said when it fails. */
export async function gantryOk(cluster: Reached, args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await gantry(cluster, args, input);
  if (code !== 0) throw new Error(`gantry ${args.join(' ')} ended with code ${code}: ${stderr}`);
  return stdout;
}

/** Starts the gantry command. */
export function startGantry(
  args: readonly string[],
  { input = '', env = {}, as = [] }: { input?: string; env?: NodeJS.ProcessEnv; as?: readonly string[] } = {},
): RunningCommand {
  const [command, ...rest] = [
    ...as,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    projectFile('cli/src/main.ts'),
    ...args,
  ];
  return startProgram(command!, rest, { input, env });
}

/** Starts a program, which is killed after two minutes. */
export function startProgram(
  command: string,
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): RunningCommand {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'pipe', timeout: timeoutMs });
  const output = { stdout: '', stderr: '' };
  const name = `${basename(command)} ${args.join(' ')}`;
  collect(child, output);
  // A program may end without having read what it was given.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return {
    output,
    pid: child.pid,
    says: async (text) => {
      const said = (): boolean => {
        const all = output.stdout + output.stderr;
        return typeof text === 'string' ? all.includes(text) : text.test(all);
      };
      await eventually(`${name} says ${text}`, () => said() || child.exitCode !== null, timeoutMs);
      if (!said()) throw new Error(`${name} ended without saying ${text}: ${output.stderr}`);
    },
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    ended: endOf(child, output),
  };
}

function collect(child: ChildProcess, output: { stdout: string; stderr: string }): void {
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
}

async function endOf(child: ChildProcess, output: { stdout: string; stderr: string }): Promise<CommandResult> {
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 255, ...output };
}
