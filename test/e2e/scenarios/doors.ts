import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@gantry/node-agent/host/commands.ts';
import { streamingPort } from '@gantry/node-agent/host/containerd-config.ts';
import { listProcesses, withDescendants } from '@gantry/node-agent/host/processes.ts';
import { issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { adminSubject, serviceSubject } from '@gantry/pki/subject.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { gantry, projectFile } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { podsOf } from '../hello.ts';
import type { Knocked } from '../knock.ts';
import { type Listener, listenersIn } from '../listeners.ts';

/** The user that has no rights. */
const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
/** Envoy's port for the users of the example. */
const helloPort = 8080;

/** Nobody without the token gets in, wherever they knock from. */
export function doorScenarios(cluster: () => TestCluster): void {
  describe('doors', () => {
    let listeners: Listener[];
    /** Ports of DNS on the pods' network: those that answer UDP, too. */
    let dns: Set<number>;
    let sockets: string[];
    let plan: { readonly bridge: string; readonly plan: { readonly gateway: string } };
    /** Port of the REST api, at 127.0.0.1 and on the pods' network. */
    let restPort: number;

    beforeAll(async () => {
      listeners = await listenersOf(cluster());
      const datagrams = await listenersIn(undefined, 'udp');
      sockets = await socketsBelow(cluster().stateDir);
      plan = JSON.parse(await readFile(join(cluster().stateDir, 'nodes/cri/cluster.json'), 'utf8'));
      dns = new Set(datagrams.filter(isInner).map(({ port }) => port));
      const config = parse(await readFile(join(cluster().stateDir, 'kubeconfig'), 'utf8'));
      restPort = Number(new URL(config.clusters[0].cluster.server).port);
    });

    const isInner = ({ address }: Listener): boolean => address === plan.plan.gateway;
    const isInnerRest = (listener: Listener): boolean => isInner(listener) && listener.port === restPort;
    const isDns = (listener: Listener): boolean => isInner(listener) && dns.has(listener.port);
    /** Port of a node's agent for those who ask for its metrics: 10250 at the node's own address leads there. */
    const isAgent = (listener: Listener): boolean => isInner(listener) && !isInnerRest(listener) && !isDns(listener);
    /** Listeners that are not the users', and not DNS. */
    const own = (): Listener[] =>
      listeners.filter((listener) => listener.address === '127.0.0.1' || isInnerRest(listener) || isAgent(listener));

    test('are known: each listens on this machine alone, but for DNS, REST and metrics of the pods and the users’ traffic', async () => {
      const { envoy } = await cluster().pids();
      const isUsers = (listener: Listener): boolean => listener.pid === envoy && listener.port === helloPort;
      const others = listeners.filter((listener) => !isUsers(listener) && !isInner(listener));
      expect(listeners.filter(isUsers)).not.toEqual([]);
      expect(listeners.filter(isDns)).toHaveLength(2);
      expect(listeners.filter(isInnerRest)).toHaveLength(1);
      expect(listeners.filter(isAgent)).toHaveLength(2);
      expect(others.length).toBeGreaterThanOrEqual(3);
      expect(others.filter(({ address }) => address !== '127.0.0.1')).toEqual([]);
      expect(sockets.length).toBeGreaterThanOrEqual(2);
    });

    test.each([
      ['as root of this machine', []],
      ['as a user without rights', nobody],
    ])('are shut to who knocks without the token %s', async (who, prefix) => {
      const targets = own().map(({ target }) => target);
      const knocked = await knock(prefix, [...targets, ...sockets]);
      const ports = knocked.filter(({ target }) => !target.startsWith('unix:'));
      expect(ports.filter((door) => !isShut(door))).toEqual([]);
      expect(ports.filter(({ tls, lines }) => !tls && !lines.includes('"tls_required":true'))).toEqual([]);
      // Every one of them said no, rather than nothing.
      expect(ports.map(({ connection }) => connection)).toEqual(targets.map(() => 'open'));
      if (who === 'as root of this machine') return;
      const unix = knocked.filter(({ target }) => target.startsWith('unix:'));
      expect(unix.map(({ connection }) => connection)).toEqual(sockets.map(() => 'EACCES'));
    });

    test('are shut to certificates of another authority, whatever name is in them', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'gantry-other-'));
      try {
        const other = await loadAuthority(folder, Date.now());
        for (const subject of [adminSubject, serviceSubject('api')]) {
          const certs = join(folder, subject.commonName);
          await issueInto({ [certs]: subject }, other, Date.now());
          const knocked = await knock([], [`--certs=${certs}`, ...own().map(({ target }) => target)]);
          expect(knocked.filter((door) => !isShut(door))).toEqual([]);
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    test('of services are shut to other services of the cluster: a node’s certificate opens the api alone', async () => {
      const { stateDir, address } = cluster();
      const config = parse(await readFile(join(stateDir, 'kubeconfig'), 'utf8'));
      const { host } = new URL(config.clusters[0].cluster.server);
      const api = [address, host, `${plan.plan.gateway}:${restPort}`];
      const targets = own().map(({ target }) => target);
      expect(targets).toEqual(expect.arrayContaining(api));
      const certs = `--certs=${join(stateDir, 'pki/node-1')}`;
      const knocked = await knock([], [certs, ...targets.filter((target) => !api.includes(target))]);
      expect(knocked.length).toBeGreaterThanOrEqual(2);
      expect(knocked.filter((door) => !isShut(door))).toEqual([]);
      const [open] = await knock([], [certs, address]);
      expect(Object.values(open!.grpc)).not.toContain('UNAUTHENTICATED');
    });

    test('are not to be reached from inside a pod, but for REST and metrics, which are shut to who is nobody', async () => {
      const [pod] = await podsOf(cluster(), 'hello');
      const inside = ['nsenter', `--net=/proc/${await processOf(pod!.metadata.uid!)}/ns/net`];
      const nodes = (await cluster().client.list('Node')).items.flatMap(({ status }) => status?.addresses ?? []);
      const nodeIps = nodes.filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
      const agents = listeners.filter(isAgent).map(({ target }) => target);
      const rest = `${plan.plan.gateway}:${restPort}`;
      const ports = listeners.map(({ port }) => port).filter((port) => port !== helloPort && !dns.has(port));
      const hosts = [plan.plan.gateway, '127.0.0.1', ...nodeIps];
      const targets = hosts.flatMap((host) => ports.map((port) => `${host}:${port}`));
      const streams = nodeIps.map((ip) => `${ip}:${streamingPort}`);
      const shut = targets.filter((target) => target !== rest && !agents.includes(target));
      const knocked = await knock(inside, [...shut, ...streams]);
      expect(knocked.filter(({ connection }) => connection === 'open')).toEqual([]);
      // The pod's network works: what is open to it answers.
      const [answer] = await knock(inside, [`${plan.plan.gateway}:${[...dns][0]}`]);
      expect(answer?.connection).toBe('open');
      // So do the Service that leads to the api, and the ports of the nodes' agents.
      const open = [rest, '10.96.0.1:443', ...agents, ...nodeIps.map((ip) => `${ip}:10250`)];
      const doors = await knock(inside, open);
      expect(doors.map(({ connection }) => connection)).toEqual(open.map(() => 'open'));
      expect(doors.filter((door) => !isShut(door))).toEqual([]);
    });

    test.each(['127.0.0.1', '169.254.169.254'])('do not open through Envoy, by an endpoint at %s', async (address) => {
      const slice = {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'way-round', labels: { 'kubernetes.io/service-name': 'hello' } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port: Number(cluster().address.split(':')[1]) }],
        endpoints: [{ addresses: [address] }],
      };
      const { code, stderr } = await gantry(cluster(), ['apply', '-f', '-'], JSON.stringify(slice));
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /endpoints\[0\]\.addresses\[0\]: Invalid value: .*may not be in the (loopback|link-local) range/,
      );
    });

    test('of files: other users read and write nothing of what the cluster keeps', async () => {
      const { stateDir } = cluster();
      // The folder of a test is closed by itself; what matters here is what lies in it.
      await run('chmod', ['755', stateDir]);
      const find = (...tests: readonly string[]): Promise<string> =>
        run('sh', ['-c', '"$@" 2>/dev/null || true', 'sh', ...nobody, 'find', stateDir, '-mindepth', '1', ...tests]);
      expect(await find('-maxdepth', '1', '-name', 'token')).toBe(`${join(stateDir, 'token')}\n`);
      expect(await find('-readable', '-o', '-writable')).toBe('');
    });
  });
}

/** Listeners of the cluster's processes on this machine. */
async function listenersOf(cluster: TestCluster): Promise<Listener[]> {
  const all = await listProcesses();
  const roots = new Set(Object.values(await cluster.pids()));
  const ours = withDescendants(
    all.filter(({ pid }) => roots.has(pid)),
    all,
  );
  const pids = new Set(ours.map(({ pid }) => pid));
  return (await listenersIn()).filter(({ pid }) => pids.has(pid));
}

/** Unix sockets below a folder. */
async function socketsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isSocket()).map(({ parentPath, name }) => `unix:${join(parentPath, name)}`);
}

async function knock(prefix: readonly string[], targets: readonly string[]): Promise<Knocked[]> {
  const [command = '', ...args] = [...prefix, process.execPath, projectFile('test/e2e/knock.ts'), ...targets];
  return JSON.parse(await run(command, args, { timeoutMs: 60_000 })) as Knocked[];
}

const refusals = ['UNAUTHENTICATED', 'PERMISSION_DENIED'];

/** Whether a NATS server said that it wants TLS, and no more: it ended the connection of who has no certificate that it believes. */
function isHandshakeEnd(lines: string): boolean {
  return /^INFO \{[^\n]*"tls_required":true[^\n]*\}\s*$/.test(lines);
}

/** Whether a server refused all that was asked of it, for want of credentials. */
function isShut({ grpc, https, lines }: Knocked): boolean {
  const codes = Object.values(grpc);
  const isGrpc = codes.some((code) => refusals.includes(code));
  if (isGrpc) return codes.every((code) => code === 'UNIMPLEMENTED' || refusals.includes(code));
  if (https !== 0) return https === 401 || https === 403;
  return (
    /^-NOAUTH|-ERR 'Authorization Violation'|-ERR 'Secure Connection - TLS Required'/.test(lines) ||
    isHandshakeEnd(lines)
  );
}

/** A process of a pod's container, by the pod's control group. */
async function processOf(podUid: string): Promise<number> {
  for (const { pid } of await listProcesses()) {
    const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
    if (groups.includes(podUid)) return pid;
  }
  throw new Error(`no process of the pod ${podUid} runs`);
}
