import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Pod, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { decode, encode, type Packet, TRUNCATED_RESPONSE } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { podOf } from '../testing/pod-world.ts';
import { serviceOf, sliceOf } from '../testing/services.ts';
import { answerQuestion, type DnsRecords } from './dns-answer.ts';
import { forwardQuery } from './dns-forward.ts';
import { replyTo, startDnsServer } from './dns-server.ts';
import { parseResolvConf, resolverOf } from './resolv-conf.ts';
import { linkedServices, serviceVariables } from './service-variables.ts';

const services = [
  serviceOf('web', { clusterIP: '10.96.0.20' }),
  serviceOf('db', { clusterIP: 'None' }),
  serviceOf('early', { clusterIP: 'None', publishNotReadyAddresses: true }),
  serviceOf('idle', { clusterIP: 'None' }),
  serviceOf('elsewhere', { clusterIP: '', type: 'ExternalName', externalName: 'example.com' }),
  serviceOf('inside', { clusterIP: '', type: 'ExternalName', externalName: 'web.default.svc.cluster.local.' }),
  serviceOf('dangling', { clusterIP: '', type: 'ExternalName', externalName: 'nope.default.svc.cluster.local' }),
  serviceOf('circle', { clusterIP: '', type: 'ExternalName', externalName: 'circle.default.svc.cluster.local' }),
  serviceOf('broken', { clusterIP: '', type: 'ExternalName', externalName: `${'x'.repeat(70)}.cluster.local` }),
];
const endpoints = [
  { addresses: ['10.64.0.2'], hostname: 'db-0' },
  { addresses: ['10.64.0.3'] },
  { addresses: ['10.64.0.4'], conditions: { ready: false } },
];
const records: DnsRecords = {
  service: (namespace, name) =>
    namespace === 'default' ? services.find(({ metadata }) => metadata.name === name) : undefined,
  slices: (_namespace, name) => (name === 'idle' ? [] : [sliceOf(name, endpoints)]),
  hasNamespace: (namespace) => namespace === 'default',
  serviceByIp: (ip) => services.find(({ spec }) => spec?.clusterIP === ip),
  slicesByIp: (ip) =>
    ['web', 'db', 'early'].flatMap((name) =>
      endpoints.some(({ addresses }) => addresses[0] === ip) ? sliceOf(name, endpoints) : [],
    ),
};

function ask(name: string, type = 'A'): unknown {
  const verdict = answerQuestion({ name, type }, records, 'cluster.local');
  if (verdict.kind === 'alias') return verdict.target;
  if (verdict.kind !== 'answer') return verdict.kind;
  return verdict.answers.map((answer) => ('data' in answer ? answer.data : undefined));
}

describe('names of the cluster', () => {
  it.each([
    ['web.default.svc.cluster.local', 'A', ['10.96.0.20']],
    ['WEB.Default.svc.cluster.local.', 'A', ['10.96.0.20']],
    ['web.default.svc.cluster.local', 'AAAA', []],
    ['db.default.svc.cluster.local', 'A', ['10.64.0.2', '10.64.0.3']],
    ['early.default.svc.cluster.local', 'A', ['10.64.0.2', '10.64.0.3', '10.64.0.4']],
    ['db-0.db.default.svc.cluster.local', 'A', ['10.64.0.2']],
    ['10-64-0-3.db.default.svc.cluster.local', 'A', ['10.64.0.3']],
    ['10-64-0-4.db.default.svc.cluster.local', 'A', 'nxdomain'],
    ['idle.default.svc.cluster.local', 'A', 'nxdomain'],
    ['elsewhere.default.svc.cluster.local', 'A', 'example.com'],
    ['inside.default.svc.cluster.local', 'SRV', 'web.default.svc.cluster.local'],
    ['x.elsewhere.default.svc.cluster.local', 'A', 'nxdomain'],
    ['dns-version.cluster.local', 'TXT', ['1.1.0']],
    ['dns-version.cluster.local', 'A', []],
    ['x.dns-version.cluster.local', 'TXT', 'nxdomain'],
    ['cluster.local', 'SOA', [expect.objectContaining({ mname: 'ns.dns.cluster.local' })]],
    ['nope.default.svc.cluster.local', 'A', 'nxdomain'],
    ['web.nope.svc.cluster.local', 'A', 'nxdomain'],
    ['default.svc.cluster.local', 'A', []],
    ['nope.svc.cluster.local', 'A', 'nxdomain'],
    ['10-64-0-3.default.pod.cluster.local', 'A', ['10.64.0.3']],
    ['10-64-0-300.default.pod.cluster.local', 'A', 'nxdomain'],
    ['nope.cluster.local', 'A', 'nxdomain'],
    ['cluster.local', 'A', []],
    ['example.com', 'A', 'forward'],
    ['20.0.96.10.in-addr.arpa', 'PTR', ['web.default.svc.cluster.local']],
    ['20.0.96.10.in-addr.arpa', 'A', []],
    // Endpoints of headless services, by host name or address; those that are not ready only where the service publishes them.
    ['2.0.64.10.in-addr.arpa', 'PTR', ['db-0.db.default.svc.cluster.local', 'db-0.early.default.svc.cluster.local']],
    [
      '3.0.64.10.in-addr.arpa',
      'PTR',
      ['10-64-0-3.db.default.svc.cluster.local', '10-64-0-3.early.default.svc.cluster.local'],
    ],
    ['4.0.64.10.in-addr.arpa', 'PTR', ['10-64-0-4.early.default.svc.cluster.local']],
    ['1.1.1.1.in-addr.arpa', 'PTR', 'forward'],
  ])('%s %s', (name, type, expected) => {
    expect(ask(name, type)).toEqual(expected);
  });

  it('tell ports by SRV', () => {
    expect(ask('_http._tcp.web.default.svc.cluster.local', 'SRV')).toEqual([
      { priority: 0, weight: 100, port: 80, target: 'web.default.svc.cluster.local' },
    ]);
    expect(ask('_http._tcp.db.default.svc.cluster.local', 'SRV')).toMatchObject([
      { port: 8080, target: 'db-0.db.default.svc.cluster.local' },
      { port: 8080, target: '10-64-0-3.db.default.svc.cluster.local' },
    ]);
    expect(ask('_nope._tcp.web.default.svc.cluster.local', 'SRV')).toBe('nxdomain');
  });
});

describe('a DNS server', () => {
  /** Name servers elsewhere, which know example.com alone; answers by UDP are cut off. */
  const forward = async (query: Buffer, maxBytes: number): Promise<Buffer | undefined> => {
    const { id, questions = [] } = decode(query);
    const [{ name, type }] = questions as [{ name: string; type: string }];
    if (name !== 'example.com') return undefined;
    const cut = maxBytes <= 512;
    const answers = cut || type !== 'A' ? [] : [{ type: 'A' as const, name, ttl: 60, data: '192.0.2.1' }];
    const flags = cut ? TRUNCATED_RESPONSE : 0;
    return encode({ type: 'response', id: id ?? 0, flags, questions, answers });
  };
  const deps = { records, domain: 'cluster.local', forward, log: silentLogger };
  const query = (name: string, type: 'A' | 'AAAA' | 'CNAME' = 'A'): Buffer =>
    encode({ type: 'query', id: 7, questions: [{ type, name }] });
  const never = new AbortController().signal;
  const asked = async (name: string, type?: 'A' | 'AAAA' | 'CNAME'): Promise<Packet & { rcode?: string }> =>
    decode((await replyTo(query(name, type), 65_535, deps, never))!);

  it.each([
    ['of the cluster', 'inside', 'A', 'NOERROR', ['web.default.svc.cluster.local', '10.96.0.20']],
    ['of the cluster, which has no such record', 'inside', 'AAAA', 'NOERROR', ['web.default.svc.cluster.local']],
    ['from elsewhere', 'elsewhere', 'A', 'NOERROR', ['example.com', '192.0.2.1']],
    ['from elsewhere, which has no such record', 'elsewhere', 'AAAA', 'NOERROR', ['example.com']],
    ['that is not asked for', 'elsewhere', 'CNAME', 'NOERROR', ['example.com']],
    ['that nobody has', 'dangling', 'A', 'NXDOMAIN', ['nope.default.svc.cluster.local']],
    ['that leads to itself', 'circle', 'A', 'SERVFAIL', []],
    ['that is no name', 'broken', 'A', 'SERVFAIL', []],
  ] as const)('gives an alias with the records of the name %s', async (_what, name, type, rcode, answers) => {
    const reply = await asked(`${name}.default.svc.cluster.local`, type);
    expect(reply.rcode).toBe(rcode);
    expect((reply.answers ?? []).map((each) => 'data' in each && each.data)).toEqual(answers);
  });

  it.each([
    ['nope.default.svc.cluster.local', 'A', 'NXDOMAIN', 'cluster.local'],
    ['web.default.svc.cluster.local', 'AAAA', 'NOERROR', 'cluster.local'],
    ['20.0.96.10.in-addr.arpa', 'A', 'NOERROR', '20.0.96.10.in-addr.arpa'],
  ] as const)('says how long the answer may be kept that there is no %s %s', async (name, type, rcode, zone) => {
    const { authorities, ...reply } = await asked(name, type);
    expect(reply).toMatchObject({ rcode, answers: [] });
    expect(authorities).toMatchObject([{ type: 'SOA', name: zone, ttl: 5, data: { minimum: 5 } }]);
    expect((await asked('web.default.svc.cluster.local')).authorities).toEqual([]);
  });

  it('answers by UDP and by TCP', async () => {
    await using server = await startDnsServer('127.0.0.1', deps);
    const udp = createSocket('udp4');
    const byUdp = await new Promise<Packet>((resolve) => {
      udp.once('message', (reply) => resolve(decode(reply)));
      udp.send(query('web.default.svc.cluster.local'), server.port, '127.0.0.1');
    });
    udp.close();
    expect(byUdp).toMatchObject({ id: 7, rcode: 'NOERROR', answers: [{ data: '10.96.0.20', ttl: 5 }] });
    const tcp = connect(server.port, '127.0.0.1');
    const body = query('nope.default.svc.cluster.local');
    const byTcp = await new Promise<Packet>((resolve) => {
      tcp.once('data', (reply) => resolve(decode(reply.subarray(2))));
      // In two pieces, as a stream may cut anywhere.
      tcp.write(Buffer.concat([Buffer.from([0, body.length]), body.subarray(0, 5)]));
      setImmediate(() => tcp.write(body.subarray(5)));
    });
    tcp.destroy();
    expect(byTcp).toMatchObject({ id: 7, rcode: 'NXDOMAIN' });
  });

  it('says so where an answer is too long for UDP, where nobody knows, and where a question is none', async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ addresses: [`10.64.1.${index}`] }));
    const large = { ...deps, records: { ...records, slices: () => [sliceOf('db', many)] } };
    const { signal } = new AbortController();
    const cut = decode((await replyTo(query('db.default.svc.cluster.local'), 512, large, signal))!);
    expect(cut).toMatchObject({ flag_tc: true, answers: [] });
    const whole = decode((await replyTo(query('db.default.svc.cluster.local'), 65_535, large, signal))!);
    expect(whole.answers).toHaveLength(60);
    expect(decode((await replyTo(query('example.net'), 512, deps, signal))!)).toMatchObject({
      id: 7,
      rcode: 'SERVFAIL',
    });
    expect(await replyTo(Buffer.from('noise'), 512, deps, signal)).toBeUndefined();
    const cutOff = query('web.default.svc.cluster.local').subarray(0, 20);
    const reply = await replyTo(cutOff, 512, deps, signal);
    expect((reply?.readUInt16BE(2) ?? 0) & 0xf).toBe(1);
  });
});

describe('name servers elsewhere', () => {
  const query = encode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'example.com' }] });

  it.each([
    ['without a name that leads there', 'no such host', 512],
    ['without a name that leads there, by TCP', 'no such host', 65_535],
    ['without a way there', '::ffff:0:0', 512],
  ])('%s answer nothing, and end nothing', async (_what, upstream, maxBytes) => {
    expect(await forwardQuery(query, [upstream], maxBytes, AbortSignal.timeout(10_000))).toBeUndefined();
  });

  it('are not asked for long once nobody waits', async () => {
    expect(await forwardQuery(query, ['192.0.2.1'], 512, AbortSignal.abort())).toBeUndefined();
  });
});

describe('resolvers of pods', () => {
  const host = parseResolvConf(
    'nameserver 1.1.1.1\nnameserver 8.8.8.8\nsearch corp.example.com\noptions ndots:1 edns0\n',
  );
  const of = (spec: object) =>
    resolverOf({ pod: podOf(spec), clusterDns: '10.96.0.10', clusterDomain: 'cluster.local', host });
  const cluster = {
    servers: ['10.96.0.10'],
    searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example.com'],
    options: ['ndots:5'],
  };

  it('follow the policy', () => {
    expect(of({})).toEqual(cluster);
    expect(of({ hostNetwork: true })).toEqual(host);
    expect(of({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' })).toEqual(cluster);
    expect(of({ dnsPolicy: 'Default' })).toEqual(host);
  });

  it('take what dnsConfig adds', () => {
    const dnsConfig = {
      nameservers: ['9.9.9.9'],
      searches: ['x.example.com'],
      options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
    };
    expect(of({ dnsPolicy: 'None', dnsConfig })).toEqual({
      servers: ['9.9.9.9'],
      searches: ['x.example.com'],
      options: ['ndots:2', 'rotate'],
    });
    expect(of({ dnsConfig }).options).toEqual(['ndots:2', 'rotate']);
  });
});

describe('variables of services', () => {
  const named = (namespace: string, ...names: string[]): Service[] =>
    names.map((name) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: {} }) as Service);
  const linked = (own: Service[], spec: object = {}): string[] =>
    linkedServices(named('default', 'kubernetes', 'other'), own, { spec: spec as Pod['spec'] }).map(
      ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
    );

  it('are those of the namespace, and everywhere of the api', () => {
    expect(linked(named('a', 'web'))).toEqual(['default/kubernetes', 'a/web']);
    expect(linked(named('a', 'web'), { enableServiceLinks: false })).toEqual(['default/kubernetes']);
    expect(linked(named('a', 'kubernetes'))).toEqual(['a/kubernetes']);
  });

  it('tell of each that has an address', () => {
    const variables = Object.fromEntries(serviceVariables(services).map(({ name, value }) => [name, value]));
    expect(variables).toEqual({
      WEB_SERVICE_HOST: '10.96.0.20',
      WEB_SERVICE_PORT: '80',
      WEB_SERVICE_PORT_HTTP: '80',
      WEB_PORT: 'tcp://10.96.0.20:80',
      WEB_PORT_80_TCP: 'tcp://10.96.0.20:80',
      WEB_PORT_80_TCP_PROTO: 'tcp',
      WEB_PORT_80_TCP_PORT: '80',
      WEB_PORT_80_TCP_ADDR: '10.96.0.20',
    });
  });
});
