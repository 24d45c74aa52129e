import { setImmediate as turn } from 'node:timers/promises';
import type { Logger } from '@gantry/runtime/log.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { noCredentials } from './credentials.ts';
import type { ExecInput, ExecOutput } from './pod-messages.ts';
import { PodCalls } from './pods.ts';
import { podService } from './protos.ts';
import { serveGrpc } from './serve.ts';
import { ServerCalls } from './server-calls.ts';

describe('a call that streams both ways', () => {
  test('whose caller hangs up ends its handler and is no error in the log', async () => {
    const errors: unknown[] = [];
    const log: Logger = Object.assign(Object.create(silentLogger) as Logger, {
      error: (details: unknown) => void errors.push(details),
    });
    const calls = new ServerCalls({ contextOf: (_, signal) => ({ signal }), log });
    const ended = Promise.withResolvers<void>();
    const Exec = calls.exchange<ExecInput, ExecOutput>(async (_, { input, write }) => {
      await write({ stdout: Buffer.from('ready') });
      try {
        while (!(await input.next()).done);
      } finally {
        ended.resolve();
      }
    });
    const handlers = { Exec, Attach: Exec, Logs: Exec, PortForward: Exec, Stats: Exec };
    await using server = await serveGrpc([{ name: 'PodService', definition: podService, handlers }], {
      host: '127.0.0.1',
      port: 0,
      maxRequestBytes: 1024,
      credentials: noCredentials,
      admit: () => {},
    });
    const channel = new GrpcClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
    const pods = new PodCalls(channel, { timeoutMs: 5_000, whenAway: 'wait' });
    const gone = new AbortController();
    const session = pods.exec(
      { ref: { namespace: 'a', pod: 'b', container: 'c' }, command: ['x'] } as never,
      gone.signal,
    );
    const output = session.output[Symbol.asyncIterator]();
    await output.next();
    gone.abort();
    await output.next().catch(() => {});
    await ended.promise;
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(errors).toEqual([]);
    channel.close();
  });
});
