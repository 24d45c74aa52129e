import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { endpoint, podEndpoint, rollout, service, slice } from './testing/fixtures.ts';
import { type EchoClient, grpcJsClient, pythonClient, startGrpcEcho, xdsBootstrap } from './testing/grpc-echo.ts';
import { type Harness, startHarness, stateDir } from './testing/harness.ts';

const target = 'xds:///greeter.default:50051';

async function startGreeter(ports: readonly number[]): Promise<Harness> {
  const harness = await startHarness();
  harness.nodes.set([]);
  harness.services.set([service('greeter', [{ name: 'grpc', port: 50051 }], { type: 'ClusterIP' })]);
  point(harness, ports);
  return harness;
}

function point(harness: Harness, ports: readonly number[]): void {
  harness.endpointSlices.set(ports.map((port) => slice('greeter', { name: 'grpc', port }, [endpoint('127.0.0.1')])));
}

/** Calls until every name was heard. */
async function hear(client: EchoClient, names: readonly string[]): Promise<void> {
  const heard = new Set<string>();
  const heardAll = async (): Promise<boolean> => {
    heard.add(await client.call());
    return names.every((name) => heard.has(`ok ${name}`));
  };
  await expect.poll(heardAll, { timeout: 20_000, interval: 5 }).toBe(true);
}

const clients = {
  'grpc-js': async (): Promise<EchoClient> => grpcJsClient(target),
  grpcio: async (harness: Harness): Promise<EchoClient> =>
    pythonClient(`${stateDir}/venv/bin/python`, target, xdsBootstrap(harness.xdsLb.xdsAddress, 'python')),
};

describe.each(Object.keys(clients) as (keyof typeof clients)[])('a proxyless gRPC client: %s', (name) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startGreeter([]);
    if (name === 'grpc-js') {
      // The plug-in reads its bootstrap once, when the first xds: channel is made.
      process.env.GRPC_XDS_BOOTSTRAP_CONFIG = JSON.stringify(xdsBootstrap(harness.xdsLb.xdsAddress, 'grpc-js'));
      const { register } = await import('@grpc/grpc-js-xds');
      register();
    }
    return () => harness[Symbol.asyncDispose]();
  });

  it('balances over the pods of a Service, follows them, and loses no call when one goes', async () => {
    await using one = await startGrpcEcho('one');
    await using two = await startGrpcEcho('two');
    point(harness, [one.port, two.port]);
    const client = await clients[name](harness);
    onTestFinished(() => client[Symbol.asyncDispose]());
    await hear(client, ['one', 'two']);

    point(harness, [two.port]);
    const leaving = one[Symbol.asyncDispose]();
    const answers = new Set<string>();
    for (let i = 0; i < 50; i += 1) answers.add(await client.call());
    await leaving;
    expect([...answers].filter((answer) => !/^ok (one|two)$/.test(answer))).toEqual([]);

    await using three = await startGrpcEcho('three');
    point(harness, [two.port, three.port]);
    await hear(client, ['two', 'three']);

    const connected = harness.xdsLb.clients();
    expect(connected.map(({ group, protocol }) => ({ group, protocol }))).toEqual([
      { group: 'grpc', protocol: 'sotw' },
    ]);
    expect(connected[0]!.subscriptions.map(({ rejection }) => rejection)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(connected[0]!.subscriptions.every(({ wildcard }) => !wildcard)).toBe(true);
  });

  it('obeys a split, and loses no call while its weights change', async () => {
    await using one = await startGrpcEcho('one');
    await using two = await startGrpcEcho('two');
    const split = (canaryWeight: number): void => {
      const status = { stableRevision: 'a', canaryRevision: 'b', canaryWeight, services: ['greeter'] };
      harness.rollouts.set([rollout(status, 'greeter')]);
    };
    harness.pods.set('a1', 'a');
    harness.pods.set('b1', 'b');
    split(0);
    harness.endpointSlices.set(
      [
        { uid: 'a1', port: one.port },
        { uid: 'b1', port: two.port },
      ].map(({ uid, port }) => slice('greeter', { name: 'grpc', port }, [podEndpoint('127.0.0.1', uid)])),
    );
    const client = await clients[name](harness);
    onTestFinished(() => client[Symbol.asyncDispose]());
    onTestFinished(() => harness.rollouts.set([]));
    const answersOf = async (count: number): Promise<string[]> => {
      const answers: string[] = [];
      for (let i = 0; i < count; i += 1) answers.push(await client.call());
      return answers;
    };
    const all: string[] = [];
    const untilOnly = (answer: string): Promise<void> =>
      expect
        .poll(
          async () => {
            const answers = await answersOf(20);
            all.push(...answers);
            return new Set(answers);
          },
          { timeout: 20_000, interval: 5 },
        )
        .toEqual(new Set([answer]));
    await untilOnly('ok one');
    split(25);
    await hear(client, ['one', 'two']);
    const answers = await answersOf(400);
    const canary = answers.filter((answer) => answer === 'ok two').length;
    // A hundred, and six standard deviations to either side.
    expect(canary).toBeGreaterThan(48);
    expect(canary).toBeLessThan(152);
    split(100);
    await untilOnly('ok two');
    expect([...all, ...answers].filter((answer) => !/^ok (one|two)$/.test(answer))).toEqual([]);
  });

  it('comes to the same pod each time where the Service has sessionAffinity ClientIP', async () => {
    await using one = await startGrpcEcho('one');
    await using two = await startGrpcEcho('two');
    const affine = { type: 'ClusterIP', sessionAffinity: 'ClientIP' };
    harness.services.set([service('greeter', [{ name: 'grpc', port: 50051 }], affine)]);
    point(harness, [one.port, two.port]);
    const client = await clients[name](harness);
    onTestFinished(() => client[Symbol.asyncDispose]());
    // The client may still have the endpoints of before for a moment; round robin would never come to one answer.
    const distinctAnswers = async (): Promise<number> => {
      const answers = new Set<string>();
      for (let i = 0; i < 30; i += 1) answers.add(await client.call());
      return answers.size;
    };
    await expect.poll(distinctAnswers, { timeout: 20_000, interval: 20 }).toBe(1);
    expect(await client.call()).toMatch(/^ok (one|two)$/);
  });
});
