import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ExecResult, ExecSession, Streams } from '../runtime.ts';
import type { ContainerProcess } from './container-process.ts';

const maxExecOutputBytes = 1024 * 1024;
const connectTimeoutMs = 5_000;

/** Streams of the process driver: a command runs beside the container, with its variables and in its directory. */
export function processStreams(find: (containerId: string) => ContainerProcess): Streams {
  const findRunning = (containerId: string) => {
    const container = find(containerId);
    if (container.state.kind !== 'running') {
      throw new GantryError('FailedPrecondition', `container "${containerId}" is ${container.state.kind}, not running`);
    }
    return container;
  };
  return {
    async execSync(containerId, command, timeoutMs, signal) {
      const child = spawnBeside(findRunning(containerId), command);
      child.stdin?.end();
      return collect(child, timeoutMs, signal);
    },
    async exec(containerId, command, options, signal) {
      if (options.tty) throw new GantryError('Invalid', 'the process driver has no terminals');
      const child = spawnBeside(findRunning(containerId), command);
      if (!options.stdin) child.stdin?.end();
      return sessionOf(child, signal);
    },
    async attach(containerId, options, signal) {
      if (options.tty || options.stdin)
        throw new GantryError('Invalid', 'the process driver has neither terminals nor standard input');
      return attachTo(findRunning(containerId), signal);
    },
    async portForward(_sandboxId, port, signal) {
      const socket = connect({ port, host: '127.0.0.1', timeout: connectTimeoutMs, allowHalfOpen: true });
      signal?.addEventListener('abort', () => socket.destroy(), { once: true });
      socket.on('error', () => {}); // For a caller that is not listening at that moment.
      socket.once('connect', () => socket.setTimeout(0));
      socket.once('timeout', () => socket.destroy(new GantryError('Timeout', `port ${port} does not answer`)));
      return socket;
    },
  };
}

function spawnBeside({ record }: ContainerProcess, command: readonly string[]): ChildProcess {
  const [program, ...args] = command;
  if (program === undefined) throw new GantryError('Invalid', 'no command specified');
  const { runAsUser, runAsGroup } = record.config.security ?? {};
  return spawn(program, args, {
    cwd: record.workingDirectory,
    env: record.env,
    detached: true,
    stdio: 'pipe',
    ...(runAsUser !== undefined && { uid: runAsUser }),
    ...(runAsGroup !== undefined && { gid: runAsGroup }),
  });
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended already.
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new GantryError('Invalid', `exec: ${error.message}`, { cause: error })));
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)));
  });
}

async function collect(child: ChildProcess, timeoutMs: number, signal?: AbortSignal): Promise<ExecResult> {
  const output = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (data: Buffer) => {
      if (output[name].length < maxExecOutputBytes)
        output[name] = Buffer.concat([output[name], data]).subarray(0, maxExecOutputBytes);
    });
  }
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new GantryError('Timeout', `the command did not end within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const onAbort = () => reject(new GantryError('Cancelled', 'the command was cancelled'));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return { exitCode: await Promise.race([exitOf(child), cut]), ...output };
  } catch (error) {
    killGroup(child);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function sessionOf(child: ChildProcess, signal?: AbortSignal): ExecSession {
  const exitCode = exitOf(child);
  exitCode.catch(() => {}); // A caller that only wants the output need not look at it.
  const end = async () => {
    killGroup(child);
    await exitCode.catch(() => {});
  };
  signal?.addEventListener('abort', () => void end(), { once: true });
  child.stdin!.on('error', () => {}); // The command may end without reading.
  return {
    stdin: child.stdin!,
    stdout: child.stdout!,
    stderr: child.stderr!,
    exitCode,
    resize: () => {},
    [Symbol.asyncDispose]: end,
  };
}

function attachTo(container: ContainerProcess, signal?: AbortSignal): ExecSession {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const { promise: exitCode, resolve, reject } = Promise.withResolvers<number>();
  exitCode.catch(() => {});
  const onOutput = (stream: 'stdout' | 'stderr', data: Buffer) => {
    // A reader that does not keep up loses its connection: the log has everything, and memory must not.
    if (streams[stream].writableLength > maxExecOutputBytes)
      leave(new GantryError('TooManyRequests', 'the output is not read fast enough'));
    else streams[stream].write(data);
  };
  const onExit = () => {
    if (container.state.kind === 'exited') resolve(container.state.exitCode);
    leave();
  };
  const leave = (error?: Error) => {
    container.events.off('output', onOutput).off('exit', onExit);
    for (const stream of Object.values(streams)) stream.end();
    reject(error ?? new GantryError('Cancelled', 'the connection was closed'));
  };
  container.events.on('output', onOutput).on('exit', onExit);
  signal?.addEventListener('abort', () => leave(), { once: true });
  const stdin = new Writable({ write: (_chunk, _encoding, done) => done() });
  return { stdin, ...streams, exitCode, resize: () => {}, [Symbol.asyncDispose]: async () => leave() };
}
