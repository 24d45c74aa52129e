import { once } from 'node:events';
import { Agent, createServer as createHttpServer, get as httpGet } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { freePort, startEcho } from 'envoy-control-plane-ts/testing/http-echo.ts';
import { routeType } from 'envoy-control-plane-ts/type-urls.ts';
import { describe, expect, it } from 'vitest';
import type { RolloutState } from './splits.ts';
import { podEndpoint, rollout, service, slice } from './testing/fixtures.ts';
import { grpcJsClient, startGrpcEcho } from './testing/grpc-echo.ts';
import { type Harness, startHarness, startTestEnvoy } from './testing/harness.ts';

/** One request; the answer's body, or the status where it is an error. */
function request(port: number, agent?: Agent, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = httpGet({ host: '127.0.0.1', port, path, agent, signal: AbortSignal.timeout(10_000) }, (response) => {
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

/** Answers of so many requests, with how often each came. */
async function answersOf(port: number, count: number): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let left = count;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) {
        const answer = await request(port, agent);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    }),
  );
  agent.destroy();
  return answers;
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

/** Endpoints of the Service `web` by the uids of their pods; a pod's revision is its first letter. */
function serve(harness: Harness, pods: Readonly<Record<string, number>>, name = 'http'): void {
  for (const uid of Object.keys(pods)) harness.pods.set(uid, uid[0]!);
  harness.endpointSlices.set(
    Object.entries(pods).map(([uid, port]) => slice('web', { name, port }, [podEndpoint('127.0.0.1', uid)])),
  );
}

const status = (canaryWeight: number, more: RolloutState['status'] = {}): RolloutState =>
  rollout({ stableRevision: 'a', canaryRevision: 'b', canaryWeight, ...more });

/** Resolves once Envoy has accepted other routes than those of the version. */
async function untilRouted(harness: Harness, change: () => void): Promise<void> {
  const routes = () => {
    const [client] = harness.xdsLb.clients();
    return client!.subscriptions.find(({ typeUrl }) => typeUrl === routeType);
  };
  const before = routes()?.ackedVersion;
  change();
  await eventually(() => routes()!.ackedVersion !== before && !routes()!.pending, true);
}

/** Bounds that a binomial count leaves once in a billion: six standard deviations. */
function expectShare(count: number, total: number, percent: number): void {
  const part = percent / 100;
  const slack = 6 * Math.sqrt(total * part * (1 - part));
  expect(count).toBeGreaterThanOrEqual(total * part - slack);
  expect(count).toBeLessThanOrEqual(total * part + slack);
}

describe('requests that are split', () => {
  it('go to the revisions by their weights', async () => {
    await using a = await startEcho('a');
    await using b = await startEcho('b');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    harness.rollouts.set([status(50)]);
    serve(harness, { a1: a.port, b1: b.port });
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(async () => /^[ab]$/.test(await request(port)), true);
    for (const [percent, count] of [
      [0, 1_000],
      [1, 4_000],
      [25, 2_000],
      [100, 1_000],
    ] as const) {
      await untilRouted(harness, () => harness.rollouts.set([status(percent)]));
      const answers = await answersOf(port, count);
      expect([...answers.keys()].filter((answer) => !/^[ab]$/.test(answer))).toEqual([]);
      expectShare(answers.get('b') ?? 0, count, percent);
    }
  });

  it('fail nowhere while weights change, a revision loses its pods and another takes its place', async () => {
    await using a = await startEcho('a', 2);
    await using b = await startEcho('b', 2);
    await using c = await startEcho('c', 2);
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    serve(harness, { a1: a.port });
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(() => request(port), 'a');
    const answers = new Map<string, number>();
    const load = new AbortController();
    const agent = new Agent({ keepAlive: true });
    const users = Array.from({ length: 4 }, async () => {
      while (!load.signal.aborted) {
        const answer = await request(port, agent).catch((error: Error) => `failed: ${error.message}`);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    });
    const goesOn = async (): Promise<void> => {
      const sent = () => [...answers.values()].reduce((sum, count) => sum + count, 0);
      const before = sent();
      await eventually(() => sent() > before + 100, true);
    };
    // A Rollout begins, its canary takes more and more, loses its pods, has them back, and becomes the stable revision.
    const steps: (() => void)[] = [
      () => harness.rollouts.set([status(0, { canaryRevision: '' })]),
      () => harness.rollouts.set([status(0)]),
      () => serve(harness, { a1: a.port, b1: b.port }),
      ...[10, 50, 90].map((weight) => () => harness.rollouts.set([status(weight)])),
      () => serve(harness, { a1: a.port }),
      () => serve(harness, { a1: a.port, b1: b.port }),
      () => harness.rollouts.set([status(100)]),
      () => harness.rollouts.set([rollout({ stableRevision: 'b', drainingRevision: 'a' })]),
      () => serve(harness, { b1: b.port }),
      () => harness.rollouts.set([rollout({ stableRevision: 'b' })]),
      () => harness.rollouts.set([rollout({ stableRevision: 'b', canaryRevision: 'c', canaryWeight: 50 })]),
      () => serve(harness, { b1: b.port, c1: c.port }),
      () => serve(harness, { c1: c.port }),
      () => harness.rollouts.set([]),
    ];
    for (const step of steps) {
      step();
      await goesOn();
    }
    load.abort();
    await Promise.all(users);
    agent.destroy();
    expect([...answers.keys()].sort()).toEqual(['a', 'b', 'c']);
  });

  it('go to the stable revision while no pod of the canary is ready', async () => {
    await using a = await startEcho('a');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    harness.rollouts.set([status(100)]);
    serve(harness, { a1: a.port });
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(() => request(port), 'a');
    expect(await answersOf(port, 200)).toEqual(new Map([['a', 200]]));
  });

  it('stay with one revision for a client where the Service has affinity', async () => {
    await using a = await startEcho('a');
    await using b = await startEcho('b');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }], { sessionAffinity: 'ClientIP' })]);
    harness.rollouts.set([status(50)]);
    serve(harness, { a1: a.port, b1: b.port });
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(async () => /^[ab]$/.test(await request(port)), true);
    // Forty answers at random would be the same once in a thousand billion times.
    expect((await answersOf(port, 40)).size).toBe(1);
  });
});

describe('TCP connections that are split', () => {
  /** A server that says its name and then what it hears. */
  async function startNamed(name: string): Promise<AsyncDisposable & { readonly port: number }> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(name);
      socket.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => void server.close() };
  }

  async function open(port: number): Promise<{ readonly name: string; readonly socket: Socket }> {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.on('error', () => {});
    const [name] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [string];
    return { name, socket };
  }

  it('go by the weights, and an open one stays while they change', async () => {
    await using a = await startNamed('a');
    await using b = await startNamed('b');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ port }])]);
    harness.rollouts.set([status(0)]);
    serve(harness, { a1: a.port, b1: b.port }, '');
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    const nameOf = async (): Promise<string> => {
      const { name, socket } = await open(port);
      socket.destroy();
      return name;
    };
    await eventually(nameOf, 'a');
    const { socket } = await open(port);
    harness.rollouts.set([status(25)]);
    const names = async (count: number) => {
      const all: string[] = [];
      for (let i = 0; i < count; i++) all.push(await nameOf());
      return all;
    };
    await eventually(async () => (await names(20)).includes('b'), true);
    const answers = await names(600);
    expectShare(answers.filter((name) => name === 'b').length, answers.length, 25);
    harness.rollouts.set([status(100)]);
    await eventually(async () => new Set(await names(10)), new Set(['b']));
    socket.write('still here');
    expect(await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })).toEqual(['still here']);
    socket.destroy();
  });
});

describe('statistics of a real Envoy', () => {
  /** A pod that takes its time, answers some paths with an error, and closes the connection on others. */
  async function startFaulty(delayMs: number): Promise<AsyncDisposable & { readonly port: number }> {
    const server = createHttpServer((asked, response) => {
      if (asked.url === '/break') {
        asked.socket.destroy();
        return;
      }
      setTimeout(() => response.writeHead(asked.url === '/error' ? 503 : 200).end('b'), delayMs);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return {
      port,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections();
        server.close();
      },
    };
  }

  it("agree with the clients' own count, by revision, and tell errors and times", async () => {
    await using a = await startEcho('a');
    await using b = await startFaulty(60);
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    harness.rollouts.set([status(50)]);
    serve(harness, { a1: a.port, b1: b.port });
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await eventually(async () => /^[ab]$/.test(await request(port)), true);
    await untilRouted(harness, () => harness.rollouts.set([status(30)]));
    const measure = () =>
      harness.xdsLb.statistics.measure({ namespace: 'default', service: 'web', windowSeconds: 300 });
    const count = (revision: string) => measure().series.find((series) => series.revision === revision);
    const total = () => measure().series.reduce((sum, { requests }) => sum + requests, 0);
    // The requests until here are counted as well, each once.
    await eventually(() => total() > 0, true);
    const before = { a: count('a')?.requests ?? 0, b: count('b')?.requests ?? 0 };
    const answers = await answersOf(port, 500);
    await eventually(
      () => ['a', 'b'].map((revision) => count(revision)?.requests),
      [before.a + answers.get('a')!, before.b + answers.get('b')!],
    );
    expect([count('a')?.errors, count('b')?.errors]).toEqual([0, 0]);
    expect(count('b')!.p50Ms).toBeGreaterThan(50);
    expect(count('a')!.p50Ms).toBeLessThan(count('b')!.p50Ms);

    await untilRouted(harness, () => harness.rollouts.set([status(100)]));
    for (let i = 0; i < 10; i++) expect(await request(port, undefined, '/error')).toBe('503 b');
    await eventually(() => count('b')?.errors, 10);
    const attempts = count('b')!.requests;
    // A GET whose connection breaks is tried three times more, and all four attempts failed.
    expect(await request(port, undefined, '/break')).toMatch(/^503/);
    await eventually(() => [count('b')?.errors, count('b')?.requests], [14, attempts + 4]);
  });

  it('count gRPC calls that failed, whose HTTP status is 200', async () => {
    await using a = await startGrpcEcho('a', 13);
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'grpc', port }])]);
    serve(harness, { a1: a.port }, 'grpc');
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await using client = grpcJsClient(`127.0.0.1:${port}`);
    await eventually(() => client.call(), 'error 13');
    const series = () => harness.xdsLb.statistics.measure({ windowSeconds: 300 }).series[0];
    await eventually(() => series()?.errors, 1);
    for (let i = 0; i < 5; i++) expect(await client.call()).toBe('error 13');
    await eventually(() => [series()?.requests, series()?.errors], [6, 6]);
  });

  it('are not complete after an Envoy was killed', async () => {
    await using a = await startEcho('a');
    await using harness = await startHarness();
    const port = await freePort();
    harness.nodes.set([]);
    harness.services.set([service('web', [{ name: 'http', port }])]);
    serve(harness, { a1: a.port });
    await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
    await eventually(() => request(port), 'a');
    const measure = () => harness.xdsLb.statistics.measure({ windowSeconds: 1 });
    const requests = () => harness.xdsLb.statistics.measure({ windowSeconds: 900 }).series[0]?.requests ?? 0;
    await eventually(() => requests() > 0 && measure().complete, true);
    const before = requests();
    process.kill(envoy.pid!, 'SIGKILL');
    await eventually(() => measure().problem, expect.stringMatching(/^(no Envoy reports|an Envoy vanished)/));
    // The next one reports anew, and the second that is looked back has nothing of the loss.
    await eventually(() => measure().complete, true);
    await eventually(() => request(port), 'a');
    await eventually(() => requests() > before, true);
  });
});
