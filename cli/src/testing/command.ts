import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** The arguments of a process that runs the gantry command: Node, its flags and ours. */
export function commandLine(args: readonly string[]): string[] {
  return [process.execPath, '--disable-warning=ExperimentalWarning', main, ...args];
}

/** Exit code and output of a run of the command. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the gantry command. Its standard input stays open until somebody ends it. */
export function startCommand(args: readonly string[]): {
  readonly stdin: ChildProcessWithoutNullStreams['stdin'];
  readonly ended: Promise<CommandResult>;
} {
  const [program, ...rest] = commandLine(args);
  const child = spawn(program!, rest, { stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const { promise: ended, resolve, reject } = Promise.withResolvers<CommandResult>();
  child.once('error', reject);
  child.once('close', (code) => resolve({ code, ...output }));
  return { stdin: child.stdin, ended };
}
