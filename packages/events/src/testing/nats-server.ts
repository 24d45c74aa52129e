import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A nats-server that a test started. */
export interface NatsServer extends AsyncDisposable {
  /** Such as nats://127.0.0.1:41234. */
  readonly url: string;
  /** Ends the server; `start` brings it back on the same port. Resolves when the process is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it from running without ending it, or lets it go on. */
  freeze(frozen: boolean): void;
  start(): Promise<void>;
}

const startTimeoutMs = 10_000;

/**
 * Starts the machine's nats-server on a free port of the loopback interface.
 * @param flags More of nats-server's flags, such as --user.
 */
export async function startNatsServer(flags: readonly string[] = []): Promise<NatsServer> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const killAtExit = (): void => {
    child?.kill('SIGKILL');
  };
  process.on('exit', killAtExit);

  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const start = async (): Promise<void> => {
    child = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port), ...flags], { stdio: 'ignore' });
    const failed = new AbortController();
    child.once('error', (error) => failed.abort(error));
    child.once('exit', (code) => failed.abort(new Error(`nats-server ended with code ${code}`)));
    await listening(port, failed.signal);
  };

  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    stop,
    start,
    freeze: (frozen) => {
      child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      process.off('exit', killAtExit);
    },
  };
}

/** A TCP port of 127.0.0.1 that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  return address.port;
}

async function listening(port: number, failed: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([failed, AbortSignal.timeout(startTimeoutMs)]);
  while (!(await accepts(port))) await delay(10, undefined, { signal: deadline });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}
