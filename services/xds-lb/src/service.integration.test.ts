import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Agent, get as httpGet } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { promisify } from 'node:util';
import { freePort, startEcho } from 'envoy-control-plane-ts/testing/http-echo.ts';
import { describe, expect, it } from 'vitest';
import { defaultConfig } from './config.ts';
import { endpoint, node, service, slice } from './testing/fixtures.ts';
import { grpcJsClient, startGrpcEcho } from './testing/grpc-echo.ts';
import { startHarness, startTestEnvoy } from './testing/harness.ts';

const loopback = endpoint('127.0.0.1');

/** One request through a kept connection; the answer's body, or the status where it is an error. */
function request(port: number, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = httpGet({ host: '127.0.0.1', port, agent, signal: AbortSignal.timeout(10_000) }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? body : `${response.statusCode} ${body}`));
    });
    call.on('error', reject);
  });
}

/** Sends bytes, and reads until the answer's body is there. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
    .setEncoding('utf8')
    .setTimeout(5_000, () => socket.destroy());
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) {
    answer += chunk;
    if (/\r\n\r\n./s.test(answer)) break;
  }
  return answer;
}

async function eventually(look: () => Promise<unknown> | unknown, expected: unknown): Promise<void> {
  const safely = async (): Promise<unknown> => {
    try {
      return await look();
    } catch (error) {
      return error;
    }
  };
  await expect.poll(safely, { timeout: 20_000, interval: 20 }).toEqual(expected);
}

describe('xds-lb and a real Envoy', () => {
  it('opens a listener for a Service, publishes its address, and closes it with the Service', async () => {
    await using pod = await startEcho('pod');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([node('n1', '127.0.0.1')]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    harness.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(() => request(port), 'pod');
    const ports = [{ port, protocol: 'TCP' }];
    await eventually(
      () => harness.statuses.map(({ status }) => status),
      [{ loadBalancer: { ingress: [{ ip: '127.0.0.1', ipMode: 'Proxy', ports }] } }],
    );

    harness.services.set([]);
    harness.endpointSlices.set([]);
    const freshConnection = new Agent({ keepAlive: false });
    await eventually(() => request(port, freshConnection), expect.objectContaining({ code: 'ECONNREFUSED' }));
  });

  it('fails no request while pods are replaced one by one under load', async () => {
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    const portOfSlices = (pods: readonly { readonly port: number; readonly terminating: boolean }[]) =>
      harness.endpointSlices.set(
        pods.map(({ port: podPort, terminating }) =>
          slice('web', { name: 'http', port: podPort }, [
            endpoint('127.0.0.1', { conditions: { ready: !terminating, serving: true, terminating } }),
          ]),
        ),
      );
    const first = await startEcho('v1-a', 2);
    const second = await startEcho('v1-b', 2);
    portOfSlices([first, second].map((pod) => ({ port: pod.port, terminating: false })));
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(async () => (await request(port)).startsWith('v1'), true);

    const answers = new Map<string, number>();
    const load = new AbortController();
    const agent = new Agent({ keepAlive: true });
    const users = Array.from({ length: 4 }, async () => {
      while (!load.signal.aborted) {
        const answer = await request(port, agent).catch((error: Error) => `failed: ${error.message}`);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    });
    // A rolling update with a surge of one; a pod ends as soon as the word of its end is out, as containers do.
    let running = [first, second];
    for (const name of ['v2-a', 'v2-b']) {
      const next = await startEcho(name, 2);
      const [old, ...rest] = running;
      running = [...rest, next];
      portOfSlices([...running, old!].map((pod) => ({ port: pod.port, terminating: false })));
      await eventually(() => next.served() > 20, true);
      portOfSlices([
        ...running.map((pod) => ({ port: pod.port, terminating: false })),
        { port: old!.port, terminating: true },
      ]);
      await old![Symbol.asyncDispose]();
      portOfSlices(running.map((pod) => ({ port: pod.port, terminating: false })));
    }
    const served = running[0]!.served();
    await eventually(() => running[0]!.served() > served + 50, true);
    load.abort();
    await Promise.all(users);
    agent.destroy();
    for (const pod of running) await pod[Symbol.asyncDispose]();
    expect([...answers.keys()].sort()).toEqual(['v1-a', 'v1-b', 'v2-a', 'v2-b']);
  });

  it('answers HTTP/1.0, with and without a host', async () => {
    await using pod = await startEcho('pod');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    harness.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(() => request(port), 'pod');
    for (const headers of ['', 'Host: web\r\n', 'Connection: keep-alive\r\n']) {
      expect(await exchange(port, `GET / HTTP/1.0\r\n${headers}\r\n`)).toMatch(/^HTTP\/1\.[01] 200 OK\r\n.*pod/s);
    }
  });

  it('sends no request to this machine, whatever a slice says, and tells of it', async () => {
    await using pod = await startEcho('pod');
    await using harness = await startHarness({ loadBalancer: defaultConfig.loadBalancer });
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    harness.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(() => request(port), '503 no healthy upstream');
    expect(pod.served()).toBe(0);
    expect(harness.warnings).toEqual([expect.stringContaining('EndpointDenied no request is sent to 127.0.0.1')]);
  });

  it('has an admin interface that only its own user can open', async () => {
    await using harness = await startHarness();
    harness.nodes.set([]);
    harness.services.set([]);
    harness.endpointSlices.set([]);
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    const { stdout } = await promisify(execFile)('ss', ['-ltnpH']);
    expect(stdout.split('\n').filter((line) => line.includes(`pid=${envoy.pid},`))).toEqual([]);
    expect((await stat(envoy.adminSocket)).mode & 0o777).toBe(0o600);
  });

  it('passes bytes through for a TCP port', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('db', [{ port }])]);
    harness.endpointSlices.set([slice('db', { port: (echo.address() as AddressInfo).port }, [loopback])]);
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.write('not HTTP');
    const [answer] = (await once(socket, 'data')) as [string];
    socket.destroy();
    echo.close();
    expect(answer).toBe('not HTTP');
  });

  it('tells the user of a listener that Envoy could not open, and goes on serving the others', async () => {
    await using pod = await startEcho('pod');
    await using harness = await startHarness();
    const port = await freePort();
    const web = service('web', [{ name: 'http', port }]);
    const foreign = service('foreign', [{ name: 'http', port }], { loadBalancerIP: '192.0.2.1' });
    harness.nodes.set([]);
    harness.services.set([foreign, web]);
    harness.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(() => request(port), 'pod');
    await eventually(() => harness.warnings.some((warning) => warning.startsWith('ListenerRejected')), true);
    expect(harness.warnings.join()).toContain(`foreign.default:${port}`);
    const [client] = harness.xdsLb.clients();
    expect(client?.subscriptions.some((subscription) => subscription.rejection !== undefined)).toBe(true);
  });

  it('starts Envoy again when it died', async () => {
    await using pod = await startEcho('pod');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    harness.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await eventually(() => request(port), 'pod');
    process.kill(envoy.pid!, 'SIGKILL');
    await eventually(() => envoy.restarts, 1);
    await eventually(() => request(port), 'pod');
  });

  it('keeps clients that come before the first state waiting, rather than telling them that there is nothing', async () => {
    await using pod = await startEcho('pod');
    await using harness = await startHarness();
    const port = await freePort();
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await eventually(() => harness.xdsLb.clients().length, 1);
    expect(harness.xdsLb.clients()[0]!.subscriptions.every((subscription) => !subscription.pending)).toBe(true);
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    harness.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(() => request(port), 'pod');
  });

  it('serves a gRPC port with HTTP/2 to the pods', async () => {
    await using pod = await startGrpcEcho('pod');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('greeter', [{ name: 'grpc', port }])]);
    harness.endpointSlices.set([slice('greeter', { name: 'grpc', port: pod.port }, [loopback])]);
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await using client = grpcJsClient(`127.0.0.1:${port}`);
    await eventually(() => client.call(), 'ok pod');
  });

  it('brings a client to the same pod each time where the Service has sessionAffinity ClientIP', async () => {
    await using one = await startEcho('one');
    await using two = await startEcho('two');
    await using three = await startEcho('three');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }], { sessionAffinity: 'ClientIP' })]);
    harness.endpointSlices.set(
      [one, two, three].map((pod) => slice('web', { name: 'http', port: pod.port }, [loopback])),
    );
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(async () => /^(one|two|three)$/.test(await request(port)), true);
    const answers = new Set<string>();
    for (let i = 0; i < 20; i += 1) answers.add(await request(port));
    expect(answers.size).toBe(1);
  });

  it('lets in only those whom loadBalancerSourceRanges names', async () => {
    await using pod = await startEcho('pod');
    await using harness = await startHarness();
    const [open, closed] = [await freePort(), await freePort()];
    harness.nodes.set([]);
    harness.services.set([
      service('open', [{ name: 'http', port: open }], { loadBalancerSourceRanges: ['127.0.0.0/8'] }),
      service('closed', [{ name: 'http', port: closed }], { loadBalancerSourceRanges: ['198.51.100.0/24'] }),
    ]);
    harness.endpointSlices.set(
      ['open', 'closed'].map((name) => slice(name, { name: 'http', port: pod.port }, [loopback])),
    );
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(() => request(open), 'pod');
    await expect(request(closed)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
