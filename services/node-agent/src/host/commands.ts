import { spawn } from 'node:child_process';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Bounds and input of a command. */
export interface RunOptions {
  /** 10 seconds where absent; the command is killed then. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Standard input. */
  readonly input?: string;
  /** Most bytes of output that are taken in; 4 MiB where absent. */
  readonly maxOutputBytes?: number;
}

const defaultMaxOutputBytes = 4 * 1024 * 1024;

/**
 * Runs a command to its end and resolves to its standard output; what it says on standard error is the error's text. It runs in a
 * session of its own: Ctrl-C in a terminal is for us, and must not end a command half way.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { timeoutMs = 10_000, signal, input, maxOutputBytes = defaultMaxOutputBytes } = options;
  const what = `${command} ${args.slice(0, 4).join(' ')}`;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { detached: true, timeout: timeoutMs, killSignal: 'SIGKILL', signal });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        if (output[name].length > maxOutputBytes) child.kill('SIGKILL');
      });
    }
    child.once('error', (cause: NodeJS.ErrnoException) => {
      // A command that was cancelled is waited for: its caller may undo the work next.
      if (signal?.aborted && child.pid !== undefined) return;
      if (cause.code === 'ENOENT')
        reject(new GantryError('FailedPrecondition', `${command} is not installed`, { cause }));
      else reject(new GantryError('InternalError', `${what}: ${cause.message}`, { cause }));
    });
    child.once('close', (code, endedBy) => {
      if (code === 0) resolve(output.stdout);
      else if (signal?.aborted) reject(new GantryError('Cancelled', `${what} was cancelled`, { cause: signal.reason }));
      else if (output.stdout.length > maxOutputBytes || output.stderr.length > maxOutputBytes)
        reject(new GantryError('InternalError', `${what}: more than ${maxOutputBytes} bytes of output`));
      else if (child.killed) reject(new GantryError('Timeout', `${what} did not end within ${timeoutMs} ms`));
      else
        reject(
          new GantryError(
            'InternalError',
            `${what}: ${output.stderr.trim() || `ended by ${endedBy ?? `code ${code}`}`}`,
          ),
        );
    });
    // A command that ends without reading its input is judged by its exit code alone.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
}
