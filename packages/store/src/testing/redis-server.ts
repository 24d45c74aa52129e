import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Settings of a Redis server for tests. */
export interface RedisServerOptions {
  /** When the append-only file is flushed; `no-file` writes none. `everysec` by default. */
  readonly appendfsync?: 'always' | 'everysec' | 'no' | 'no-file';
  /** More of redis-server's flags, such as `--maxmemory 64mb`. */
  readonly flags?: readonly string[];
}

/** A real redis-server on a free port of loopback, with its data in a temporary folder. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** Address for openStore, without a prefix. */
  readonly url: string;
  /** Kills the server with SIGKILL and waits for its end. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Sends one command, such as `FLUSHALL`, on a connection of its own; resolves with what the server answers. */
  command(line: string): Promise<string>;
  /** Stops it from running without ending it (SIGSTOP), or lets it go on. */
  freeze(frozen: boolean): void;
}

/** Starts redis-server from PATH. Rejects with what it printed when it does not come up. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-redis-'));
  const port = await freePort();
  let server: ChildProcess | undefined = await launch(port, folder, options);
  const kill = async (): Promise<void> => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}/0`,
    kill,
    async start() {
      server ??= await launch(port, folder, options);
    },
    command: (line) => answerTo(port, line),
    freeze(frozen) {
      server?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port of loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('the probe has no port');
  return address.port;
}

async function launch(port: number, folder: string, options: RedisServerOptions): Promise<ChildProcess> {
  const fsync = options.appendfsync ?? 'everysec';
  const durability = fsync === 'no-file' ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', fsync];
  const network = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const server = spawn('redis-server', [...network, ...durability, ...(options.flags ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (data: Buffer) => {
      printed = (printed + data.toString()).slice(-4000);
    });
  }
  let failure: Error | undefined;
  server.on('error', (error) => {
    failure = error;
  });
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (await answersPing(port)) return server;
    if (failure !== undefined) throw new Error(`redis-server cannot be run: ${failure.message}`);
    if (server.exitCode !== null) break;
    await delay(20);
  }
  server.kill('SIGKILL');
  throw new Error(`redis-server did not come up on port ${port}: ${printed}`);
}

/** Whether a server answers, and has loaded its data. */
async function answersPing(port: number): Promise<boolean> {
  const answer = await answerTo(port, 'PING').catch(() => '');
  return answer.startsWith('+PONG');
}

async function answerTo(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write(`${line}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  } finally {
    socket.destroy();
  }
}
