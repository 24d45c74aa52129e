import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { GantryError } from '@gantry/runtime/errors.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestServer } from '../server.ts';
import { FakePods, refusalOf, startEdge, TestClient } from './testing/edge.ts';

const pods = new FakePods();
let edge: RestServer;
beforeAll(async () => {
  edge = await startEdge(pods.proxy);
});
afterAll(() => edge?.[Symbol.asyncDispose]());

const v5 = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const v4 = ['v4.channel.k8s.io', 'v3.channel.k8s.io'];
const all = 'stdin=true&stdout=true&stderr=true';

function statusOf(client: TestClient): unknown {
  return JSON.parse(client.text(3));
}

describe('a command', () => {
  test('gets its arguments in order, and tells its output and exit code', async () => {
    pods.command = async function* () {
      yield { stdout: Buffer.from('out') };
      yield { stderr: Buffer.from('err') };
      yield { exit: { code: 3 } };
    };
    const client = new TestClient(edge, `web/exec?container=main&command=sh&command=-c&command=a%20b&${all}`, v5);
    expect(await client.closed).toBe(1000);
    expect(client.socket.protocol).toBe('v5.channel.k8s.io');
    expect(pods.started).toEqual({
      method: 'exec',
      start: {
        ref: { namespace: 'default', pod: 'web', container: 'main' },
        command: ['sh', '-c', 'a b'],
        stdin: true,
        tty: false,
      },
    });
    expect([client.text(1), client.text(2)]).toEqual(['out', 'err']);
    expect(statusOf(client)).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  test('that ends well says Success, and streams that nobody asked for are left out', async () => {
    pods.command = async function* () {
      yield { stdout: Buffer.from('out') };
      yield { stderr: Buffer.from('err') };
      yield { exit: { code: 0 } };
    };
    const client = new TestClient(edge, 'web/exec?command=ls&stdout=1&stderr=false', v4);
    expect(await client.closed).toBe(1000);
    expect(client.socket.protocol).toBe('v4.channel.k8s.io');
    expect([client.text(1), client.text(2)]).toEqual(['out', '']);
    expect(statusOf(client)).toEqual({ metadata: {}, status: 'Success' });
  });

  test('reads 3 MB of standard input whole and to its end', async () => {
    pods.command = async function* (input) {
      let bytes = 0;
      let largest = 0;
      for await (const { stdin, stdinClosed } of input) {
        bytes += stdin?.length ?? 0;
        largest = Math.max(largest, stdin?.length ?? 0);
        if (stdinClosed) break;
      }
      yield { stdout: Buffer.from(`${bytes} ${largest}`) };
      yield { exit: { code: 0 } };
    };
    const client = new TestClient(edge, `web/exec?command=wc&${all}`, v5);
    await once(client.socket, 'open');
    for (let sent = 0; sent < 3; sent++) client.send(0, Buffer.alloc(1_000_000, 'x'));
    client.send(255, Buffer.of(0));
    expect(await client.closed).toBe(1000);
    expect(client.text(1)).toBe(`3000000 ${64 * 1024}`);
  });

  test('that reads no input holds its client back', async () => {
    const { promise: release, resolve } = Promise.withResolvers<void>();
    pods.command = async function* () {
      yield { stdout: Buffer.from('started') };
      await release;
    };
    const client = new TestClient(edge, `web/exec?command=sleep&${all}`, v5);
    await once(client.socket, 'open');
    for (let sent = 0; sent < 64; sent++) client.send(0, Buffer.alloc(1_000_000, 'x'));
    // More than both kernels' buffers hold stays with the client.
    await expect.poll(() => stable(() => client.socket.bufferedAmount)).toBeGreaterThan(32_000_000);
    resolve();
    expect(await client.closed).toBe(1000);
  });

  test('with a terminal hears of sizes that a terminal can have', async () => {
    pods.command = async function* (input) {
      for await (const { resize, stdinClosed } of input) {
        if (resize) yield { stdout: Buffer.from(`${resize.width}x${resize.height};`) };
        if (stdinClosed) return;
      }
    };
    const client = new TestClient(edge, 'web/exec?command=sh&stdin=true&stdout=true&tty=true', v5);
    await once(client.socket, 'open');
    const bad = ['{', '{"Width":0,"Height":1}', '{"Width":70000,"Height":1}', '{"Width":"1","Height":1}', 'null'];
    for (const size of ['{"Width":80,"Height":24}', ...bad, '{"Width":9,"Height":8}']) client.send(4, size);
    client.send(255, Buffer.of(0));
    await client.closed;
    expect(client.text(1)).toBe('80x24;9x8;');
  });

  test('ends when its client vanishes, even while nothing is read from it', async () => {
    const ended = Promise.withResolvers<void>();
    pods.command = async function* (_input, signal) {
      yield { stdout: Buffer.from('started') };
      await once(signal, 'abort');
      ended.resolve();
      signal.throwIfAborted();
    };
    const client = new TestClient(edge, `web/exec?command=sleep&${all}`, v5);
    await once(client.socket, 'message');
    client.send(0, Buffer.alloc(1_000_000));
    client.socket.terminate();
    await ended.promise;
  });

  test('that fails is told as a Status', async () => {
    pods.command = async function* () {
      yield { stdout: Buffer.from('x') };
      throw new GantryError('ServiceUnavailable', 'the node is gone');
    };
    const client = new TestClient(edge, `web/exec?command=ls&${all}`, v5);
    expect(await client.closed).toBe(1000);
    expect(statusOf(client)).toMatchObject({ status: 'Failure', code: 503, message: 'the node is gone' });
  });
});

describe('older protocols', () => {
  const run = async (protocols: string[], code: number): Promise<TestClient> => {
    pods.command = async function* () {
      yield { stdout: Buffer.from('out') };
      yield { exit: { code } };
    };
    const client = new TestClient(edge, 'web/exec?command=ls&stdout=1&stderr=1', protocols);
    expect(await client.closed).toBe(1000);
    expect(client.socket.protocol).toBe(protocols[0] ?? '');
    return client;
  };

  test.each([[['channel.k8s.io']], [[]]])('%j tell failures alone, as text', async (protocols) => {
    expect((await run(protocols, 0)).messages.map(String)).toEqual(['\u0001out']);
    const failed = await run(protocols, 2);
    expect(failed.text(3)).toBe('command terminated with non-zero exit code: exit status 2');
  });

  test.each([
    ['base64.channel.k8s.io', 'command terminated with non-zero exit code: exit status 2'],
    ['v4.base64.channel.k8s.io', '"reason":"NonZeroExitCode"'],
  ])('%s has messages of text', async (protocol, end) => {
    const [output = '', status = ''] = (await run([protocol], 2)).messages.map(String);
    expect([output[0], atob(output.slice(1))]).toEqual(['1', 'out']);
    expect([status[0], atob(status.slice(1))]).toEqual(['3', expect.stringContaining(end)]);
  });

  test('base64.channel.k8s.io takes input as text', async () => {
    pods.command = async function* (input) {
      for await (const { stdin } of input) {
        yield { stdout: Buffer.concat([Buffer.from('got '), stdin ?? Buffer.of()]) };
        return;
      }
    };
    const client = new TestClient(edge, `web/exec?command=cat&${all}`, ['base64.channel.k8s.io']);
    await once(client.socket, 'open');
    client.socket.send(`0${btoa('words')}`);
    await client.closed;
    expect(client.messages.map(String)).toEqual([`1${btoa('got words')}`]);
  });
});

describe('a log on a WebSocket', () => {
  test.each([['binary.k8s.io'], ['base64.binary.k8s.io'], ['']])('in the protocol "%s"', async (protocol) => {
    pods.log = ['one\n', 'two\n'];
    const client = new TestClient(edge, 'web/log?container=main&follow=true', protocol === '' ? [] : [protocol]);
    expect(await client.closed).toBe(1000);
    expect(client.socket.protocol).toBe(protocol);
    const encoding = protocol.startsWith('base64') ? 'base64' : 'utf8';
    expect(client.messages.map((each) => Buffer.from(String(each), encoding).toString())).toEqual([
      '',
      'one\n',
      'two\n',
    ]);
    expect(pods.askedLog).toMatchObject({ ref: { namespace: 'default', pod: 'web', container: 'main' }, follow: true });
  });

  test.each([
    ['absent/log', ['binary.k8s.io'], 'good', 404],
    ['web/log', ['binary.k8s.io'], 'bad', 401],
    ['web/log', ['v4.channel.k8s.io'], 'good', 400],
    ['web/log?tailLines=x', ['binary.k8s.io'], 'good', 400],
  ])('is refused before the upgrade: %s %j %s', async (path, protocols, token, code) => {
    expect(await refusalOf(edge, path, protocols, token)).toMatchObject({ kind: 'Status', code });
  });

  test('is plain for clients that go on asking for SPDY', async () => {
    pods.log = ['plain\n'];
    const url = `http://127.0.0.1:${edge.port}/api/v1/namespaces/default/pods/web/log`;
    const headers = { authorization: 'Bearer good', connection: 'Upgrade', upgrade: 'SPDY/3.1' };
    const [response] = (await once(get(url, { headers }), 'response')) as [IncomingMessage];
    expect([response.statusCode, await text(response)]).toEqual([200, 'plain\n']);
  });
});

test('attach connects without a command, and succeeds with any exit code', async () => {
  pods.command = async function* () {
    yield { stdout: Buffer.from('log') };
    yield { exit: { code: 3 } };
  };
  const client = new TestClient(edge, 'web/attach?stdout=true', v5);
  await client.closed;
  expect(pods.started).toMatchObject({ method: 'attach', start: { command: [] } });
  expect([client.text(1), statusOf(client)]).toEqual(['log', { metadata: {}, status: 'Success' }]);
});

describe('refusals are sent before the upgrade:', () => {
  test.each([
    [`absent/exec?command=ls&${all}`, v5, 'good', 404, 'pods "absent" not found'],
    [`web/exec?command=ls&container=other&${all}`, v5, 'good', 400, 'container other is not valid for pod web'],
    [`web/exec?command=ls&${all}`, v5, 'bad', 401, 'Unauthorized'],
    ['web/exec?command=ls', v5, 'good', 400, 'you must specify at least 1 of stdin, stdout, stderr'],
    [`web/exec?${all}`, v5, 'good', 400, 'you must specify a command to execute'],
    [`web/exec?command=ls&${all}`, ['v9.other'], 'good', 400, /v5.channel.k8s.io/],
    [`web/exec?command=%${all}`, v5, 'bad', 401, 'Unauthorized'],
  ])('%s %j %s', async (path, protocols, token, code, message) => {
    const text = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(await refusalOf(edge, path, protocols, token)).toMatchObject({ kind: 'Status', code, message: text });
  });

  test('a request without an upgrade', async () => {
    const url = `http://127.0.0.1:${edge.port}/api/v1/namespaces/default/pods/web/exec`;
    const response = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer good' } });
    expect(await response.json()).toMatchObject({ code: 400, message: 'Upgrade request required' });
  });
});

test('a message that is too long, or no WebSocket frame, costs its connection alone', async () => {
  pods.command = async function* (_input, signal) {
    yield { stdout: Buffer.from('started') };
    await once(signal, 'abort');
  };
  const client = new TestClient(edge, `web/exec?command=cat&${all}`, v5);
  await once(client.socket, 'open');
  client.socket.on('error', () => undefined);
  client.send(0, Buffer.alloc(5 * 1024 * 1024));
  expect([1006, 1009]).toContain(await client.closed);
  pods.command = async function* () {};
  expect(await new TestClient(edge, `web/exec?command=ls&${all}`, v5).closed).toBe(1000);
});

let before = -1;
/** A number once it is the same twice in a row, -1 until then. */
function stable(read: () => number): number {
  const now = read();
  const same = now === before;
  before = now;
  return same ? now : -1;
}
