import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createAuthority, issue } from '@gantry/pki/authority.ts';
import { serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder, type Certificates, verifiedCertificate } from '@gantry/runtime/certificates.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { Client as GrpcClient } from '@grpc/grpc-js';
import { beforeAll, expect, test } from 'vitest';
import { certificateCredentials } from './credentials.ts';
import { admitPeers } from './guard.ts';
import { MetricsCalls } from './metrics.ts';
import { metricsService } from './protos.ts';
import { serveGrpc } from './serve.ts';
import { ServerCalls } from './server-calls.ts';

let ca: string;
let api: Certificates;
let scheduler: Certificates;

beforeAll(async () => {
  const authority = await createAuthority('ca', Date.now());
  ca = authority.cert;
  const certificatesOf = async (name: 'api' | 'scheduler'): Promise<Certificates> => {
    return { ca, ...(await issue(authority, serviceSubject(name), Date.now())) };
  };
  api = await certificatesOf('api');
  scheduler = await certificatesOf('scheduler');
});

async function serve(
  serving: CertificateHolder<Certificates | undefined> = new CertificateHolder<Certificates | undefined>(api),
) {
  const credentials = certificateCredentials(new CertificateHolder(api), undefined, serving);
  const calls = new ServerCalls({ contextOf: (_, signal) => ({ signal }), log: silentLogger });
  const handlers = { NodeMetrics: calls.unary(async () => ({ nodes: [] })) };
  const service = { name: 'MetricsService', definition: metricsService, handlers };
  return serveGrpc([service], {
    ...{
      host: '127.0.0.1',
      port: 0,
      maxRequestBytes: 1_024,
      credentials,
      admit: admitPeers(credentials, [serviceNames.scheduler]),
    },
    http: (incoming, response) => {
      response.end(verifiedCertificate(incoming.socket as never)?.commonName ?? 'nobody');
    },
  });
}

async function ask(port: number, more: object = {}): Promise<string> {
  const call = request({ host: '127.0.0.1', port, ca, checkServerIdentity: () => undefined, agent: false, ...more });
  call.end();
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  return Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString();
}

async function callWith(port: number, certificates: Certificates): Promise<unknown> {
  const { transport, options } = certificateCredentials(new CertificateHolder(certificates)).dial(serviceNames.api);
  const channel = new GrpcClient(`127.0.0.1:${port}`, transport, options);
  try {
    return await new MetricsCalls(channel, { timeoutMs: 10_000, whenAway: 'wait' }).nodes({});
  } finally {
    channel.close();
  }
}

test('gRPC and HTTP/1.1 share a port, and both know their callers by certificates', async () => {
  await using server = await serve();
  const ports = [server.port, await server.alsoListen({ host: '127.0.0.1', port: 0 })];
  for (const port of ports) {
    expect(await callWith(port, scheduler)).toEqual({ nodes: [] });
    await expect(callWith(port, api)).rejects.toMatchObject({ reason: 'Forbidden' });
    expect(await ask(port)).toBe('nobody');
    expect(await ask(port, { cert: scheduler.cert, key: scheduler.key, ALPNProtocols: ['h2', 'http/1.1'] })).toBe(
      serviceNames.scheduler,
    );
  }
});

test('nobody gets in before there is a certificate', async () => {
  const serving = new CertificateHolder<Certificates | undefined>(undefined);
  await using server = await serve(serving);
  await expect(ask(server.port)).rejects.toThrow();
  serving.set(api);
  expect(await ask(server.port)).toBe('nobody');
});
