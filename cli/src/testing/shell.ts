import { noCredentials } from '@gantry/client/credentials.ts';
import type { ExecInput, ExecOutput } from '@gantry/client/pod-messages.ts';
import { podService } from '@gantry/client/protos.ts';
import { type GrpcServer, serveGrpc } from '@gantry/client/serve.ts';
import type { ServerDuplexStream } from '@grpc/grpc-js';

/**
 * A PodService with one container, in which a very small shell runs: it echoes lines, knows `exit N`, and
 * shows a prompt in a terminal.
 */
export interface TestShell extends AsyncDisposable {
  /** host:port. */
  readonly address: string;
}

/** Starts it. `sh` waits for input; `true` ends at once, whatever its input does. */
export async function startTestShell(): Promise<TestShell> {
  const service = { name: 'PodService', definition: podService, handlers: { Exec: runCommand } };
  const server: GrpcServer = await serveGrpc([service], {
    host: '127.0.0.1',
    port: 0,
    maxRequestBytes: 1 << 20,
    credentials: noCredentials,
    admit: () => {},
  });
  return { address: `127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function runCommand(call: ServerDuplexStream<ExecInput, ExecOutput>): void {
  let pending = '';
  let prompt = '';
  const end = (code: number): void => {
    call.write({ exit: { code } });
    call.end();
  };
  call.on('error', () => {});
  call.on('data', ({ start, stdin, stdinClosed }: ExecInput) => {
    if (start) {
      prompt = start.tty ? '$ ' : '';
      call.write({ stdout: Buffer.from(prompt) });
      if (start.command?.[0] === 'true') end(0);
      return;
    }
    if (stdinClosed) return end(0);
    if (!stdin) return;
    pending += Buffer.from(stdin).toString();
    const lines = pending.split(/[\r\n]/);
    pending = lines.pop()!;
    for (const line of lines) {
      const code = /^exit (\d+)$/.exec(line)?.[1];
      if (code !== undefined) return end(Number(code));
      call.write({ stdout: Buffer.from(`${line}\n${prompt}`) });
    }
  });
}
