import { execFile } from 'node:child_process';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Bounds and input of a command. */
export interface RunOptions {
  /** 10 seconds where absent; the command is killed then. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Standard input. */
  readonly input?: string;
}

/** Runs a command to its end and resolves to its standard output; what it says on standard error is the error's text. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { timeoutMs = 10_000, signal, input } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 4 * 1024 * 1024, signal },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const what = `${command} ${args.slice(0, 4).join(' ')}`;
        if (signal?.aborted)
          return reject(new GantryError('Cancelled', `${what} was cancelled`, { cause: signal.reason }));
        if (error.killed)
          return reject(new GantryError('Timeout', `${what} did not end within ${timeoutMs} ms`, { cause: error }));
        if (error.code === 'ENOENT')
          return reject(new GantryError('FailedPrecondition', `${command} is not installed`, { cause: error }));
        reject(new GantryError('InternalError', `${what}: ${stderr.trim() || error.message}`, { cause: error }));
      },
    );
    // A command that ends without reading its input is judged by its exit code alone.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}
