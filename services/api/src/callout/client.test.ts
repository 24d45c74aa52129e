import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { createAuthority, issue, type KeyPair } from '@gantry/pki/authority.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Callouts } from './client.ts';
import type { Endpoint } from './routes.ts';
import type { CalloutTarget } from './target.ts';

const owned = new AsyncDisposableStack();
let authority: KeyPair;
let pair: KeyPair;
let caBundle: string;
const clock = new FakeClock();

beforeAll(async () => {
  const nowMs = Date.now();
  authority = await createAuthority('tests', nowMs);
  const names = { ips: ['127.0.0.1'], dns: ['hook.default.svc'] };
  pair = await issue(authority, { commonName: 'hook', ...names, uses: ['server'] }, nowMs);
  caBundle = Buffer.from(authority.cert).toString('base64');
});

afterAll(() => owned.disposeAsync());

/** A server that answers with `listener`. */
async function serve(
  listener: RequestListener,
): Promise<{ readonly port: number; readonly connections: () => number }> {
  const server = createServer({ cert: pair.cert, key: pair.key }, listener);
  let connections = 0;
  server.on('secureConnection', () => connections++);
  return { port: await listenOn(server), connections: () => connections };
}

async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owned.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const answering =
  (value: unknown, status = 200, type = 'application/json'): RequestListener =>
  (request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': type });
      response.end(typeof value === 'string' ? value : JSON.stringify(value));
    });
  };

function callouts(find?: () => Promise<Endpoint>): Callouts {
  const routes = { find: find ?? (() => Promise.reject(new Error('no services here'))) };
  const dialPod = ({ port }: { readonly port: number }) => connect(port, '127.0.0.1');
  return owned.use(new Callouts({ routes, dialPod, clock }));
}

function ask(
  target: CalloutTarget,
  calls = callouts(),
  more: { readonly signal?: AbortSignal } = {},
): Promise<unknown> {
  const { signal = new AbortController().signal } = more;
  return calls.ask(target, '{"a":1}', { timeoutMs: 10_000, signal, maxAnswerBytes: 1_000_000 });
}

describe('calls to a URL', () => {
  it('posts JSON with the time that it waits, and takes the answer', async () => {
    const seen: unknown[] = [];
    const { port } = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        seen.push([method, url, headers['content-type'], Buffer.concat(chunks).toString()]);
        response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end('{"b":2}');
      });
    });
    await expect(ask({ url: `https://127.0.0.1:${port}/some//path/`, caBundle })).resolves.toEqual({ b: 2 });
    expect(seen).toEqual([['POST', '/some/path?timeout=10s', 'application/json', '{"a":1}']]);
  });

  it('shares one connection among calls, and opens a further one where the server closed it', async () => {
    let close = false;
    const { port, connections } = await serve((request, response) => {
      if (close) response.setHeader('connection', 'close');
      answering({})(request, response);
    });
    const calls = callouts();
    const target = { url: `https://127.0.0.1:${port}`, caBundle };
    await ask(target, calls);
    close = true;
    await ask(target, calls);
    expect(connections()).toBe(1);
    await ask(target, calls);
    expect(connections()).toBe(2);
  });

  it('ends after its time, in the words of a deadline', async () => {
    const { port } = await serve(() => clock.advance(10_000));
    const url = `https://127.0.0.1:${port}/slow`;
    const failed = await ask({ url, caBundle }).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      reason: 'Timeout',
      message: `Post "${url}?timeout=10s": context deadline exceeded`,
    });
  });

  it('ends while an answer trickles in', async () => {
    const { port } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      clock.advance(10_000);
    });
    await expect(ask({ url: `https://127.0.0.1:${port}`, caBundle })).rejects.toThrow(/context deadline exceeded$/);
  });

  it('ends with its request', async () => {
    const stop = new AbortController();
    const { port } = await serve(() => stop.abort());
    const failed = ask({ url: `https://127.0.0.1:${port}`, caBundle }, callouts(), { signal: stop.signal });
    await expect(failed).rejects.toMatchObject({ reason: 'Cancelled' });
  });

  it('says that nobody listens', async () => {
    const gone = createPlainServer();
    const port = await listenOn(gone);
    gone.close();
    const message = `Post "https://127.0.0.1:${port}/?timeout=10s": dial tcp 127.0.0.1:${port}: connect: connection refused`;
    await expect(ask({ url: `https://127.0.0.1:${port}`, caBundle })).rejects.toThrow(message);
  });

  it('believes the authority of the target alone', async () => {
    const { port } = await serve(answering({}));
    const url = `https://127.0.0.1:${port}`;
    const stranger = Buffer.from((await createAuthority('others', Date.now())).cert).toString('base64');
    const refusal = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
    await expect(ask({ url, caBundle: stranger })).rejects.toThrow(refusal);
    await expect(ask({ url })).rejects.toThrow(refusal);
    await expect(ask({ url, caBundle })).resolves.toEqual({});
  });

  it('takes a server that is its own authority where the target names it', async () => {
    const { port } = await serve(answering({}));
    const own = Buffer.from(pair.cert).toString('base64');
    await expect(ask({ url: `https://127.0.0.1:${port}`, caBundle: own })).resolves.toEqual({});
  });

  it('refuses a certificate of another name', async () => {
    const { port } = await serve(answering({}));
    const failed = ask({ url: `https://localhost:${port}`, caBundle });
    await expect(failed).rejects.toThrow(
      /tls: failed to verify certificate: x509: certificate is valid for hook\.default\.svc, not localhost$/,
    );
  });

  it('speaks to no server without TLS', async () => {
    const port = await listenOn(createPlainServer(answering({})));
    const failed = ask({ url: `https://127.0.0.1:${port}`, caBundle });
    await expect(failed).rejects.toThrow(/http: server gave HTTP response to HTTPS client$/);
  });

  it.each([
    ['garbage', "couldn't get version/kind; json parse error"],
    ['', '0-length response with status code: 200 and content type: application/json'],
  ])('says what is wrong with the answer %j', async (text, problem) => {
    const { port } = await serve(answering(text));
    await expect(ask({ url: `https://127.0.0.1:${port}`, caBundle })).rejects.toThrow(problem);
  });

  it('takes JSON of a server that names no type, or another one', async () => {
    const { port } = await serve(answering('{"b":2}', 200, 'text/plain'));
    expect(await ask({ url: `https://127.0.0.1:${port}`, caBundle })).toEqual({ b: 2 });
  });

  it('takes no answer beyond its bound', async () => {
    const { port } = await serve(answering(`"${'x'.repeat(2_000_000)}"`));
    const failed = ask({ url: `https://127.0.0.1:${port}`, caBundle });
    await expect(failed).rejects.toThrow('the response has more than 1000000 bytes');
  });

  it.each([
    [500, 'text/plain', 'boom', 'an error on the server ("boom") has prevented the request from succeeding'],
    [503, 'application/json', '{}', 'the server is currently unable to handle the request'],
    [404, 'text/plain', 'x', 'the server could not find the requested resource'],
    [400, 'application/json', '{"kind":"Status","message":"told"}', 'told'],
    [302, 'text/plain', '', 'the server responded with the status code 302 but did not return more information'],
  ])('takes the status %i for an error', async (status, type, body, message) => {
    let asked = 0;
    const { port } = await serve((request, response) => {
      asked++;
      response.setHeader('location', '/elsewhere');
      answering(body, status, type)(request, response);
    });
    const failed = await ask({ url: `https://127.0.0.1:${port}`, caBundle }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(GantryError);
    expect((failed as Error).message).toBe(message);
    expect(asked).toBe(1);
  });
});

describe('calls to a service', () => {
  const service = { namespace: 'default', name: 'hook', path: 'mutate' };

  it('reaches its pod, and asks for the name of the service', async () => {
    const hosts: unknown[] = [];
    const { port, connections } = await serve((request, response) => {
      hosts.push([request.headers.host, request.url]);
      answering({})(request, response);
    });
    const calls = callouts(async () => ({ host: '10.0.0.9', port, pod: { namespace: 'default', pod: 'web', port } }));
    await ask({ service, caBundle }, calls);
    await ask({ service, caBundle }, calls);
    expect(hosts[0]).toEqual(['hook.default.svc', '/mutate?timeout=10s']);
    expect(connections()).toBe(1);
    await expect(ask({ service: { ...service, name: 'other' }, caBundle }, calls)).rejects.toThrow(
      'x509: certificate is valid for hook.default.svc, not other.default.svc',
    );
  });

  it('reaches an endpoint that is no pod by its address', async () => {
    const { port } = await serve(answering({ by: 'address' }));
    const calls = callouts(async () => ({ host: '127.0.0.1', port }));
    await expect(ask({ service, caBundle }, calls)).resolves.toEqual({ by: 'address' });
  });

  it('says that the service has no endpoints', async () => {
    const none = async () => {
      throw new GantryError('ServiceUnavailable', 'no endpoints available for service "hook"');
    };
    await expect(ask({ service, caBundle }, callouts(none))).rejects.toThrow(
      'Post "https://hook.default.svc:443/mutate?timeout=10s": no endpoints available for service "hook"',
    );
  });
});
