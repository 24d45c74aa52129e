import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freeAddress } from '@gantry/cli/up/free-port.ts';
import { type KubernetesServer, type Program, start, startKubernetes } from './servers.ts';

/** A whole Kubernetes without kubelets: kwok plays the nodes. */
export interface KubernetesCluster extends AsyncDisposable {
  readonly server: KubernetesServer;
  /** Names of the programs by their process ids. */
  readonly programs: ReadonlyMap<number, string>;
}

/**
 * Requests a second that each client may send, and as many at once. The defaults of Kubernetes (20 for the controllers, 50 for the
 * scheduler) are made for control planes that others share, and would decide the figures alone.
 */
const qps = 5_000;

/** Node labels and size as those of Gantry's hollow nodes. */
const nodeOf = (index: number, cpu: number, memory: string): object => {
  const name = `node-${index}`;
  const room = { cpu: String(cpu), memory, pods: '110' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' },
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
    },
    status: { allocatable: room, capacity: room },
  };
};

/** Size of the nodes to play. */
export interface PlayedNodes {
  readonly count: number;
  readonly cpu: number;
  readonly memory: string;
}

/**
 * Starts kube-apiserver, etcd, kube-controller-manager, kube-scheduler and kwok.
 * @param peers Folder whose bin/ holds the binaries, and go/pkg/mod the sources of kwok with its stages.
 */
export async function startKubernetesCluster(
  peers: string,
  folder: string,
  nodes: PlayedNodes,
): Promise<KubernetesCluster> {
  const bin = join(peers, 'bin');
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startKubernetes(bin, folder));
  const { pids } = server;
  const programs = new Map([
    [process.pid, 'bench'],
    [pids.etcd, 'etcd'],
    [pids.api, 'kube-apiserver'],
  ]);
  const run = (name: string, args: readonly string[]): void => {
    programs.set(stack.use(start(join(bin, name), args)).pid, name);
  };
  const manager = stack.use(await startControllerManager(bin, folder, server));
  programs.set(manager.pid, 'kube-controller-manager');
  const kubeconfig = await writeKubeconfig(folder, server);
  const [schedulerPort, kwokPort] = await Promise.all([freePort(), freePort()]);
  const settings = join(folder, 'scheduler.yaml');
  await writeFile(settings, JSON.stringify(schedulerSettings(kubeconfig)));
  run('kube-scheduler', [
    `--config=${settings}`,
    '--authentication-skip-lookup=true',
    '--bind-address=127.0.0.1',
    `--secure-port=${schedulerPort}`,
  ]);
  run('kwok', [
    `--kubeconfig=${kubeconfig}`,
    '--manage-all-nodes=true',
    '--cidr=10.0.0.1/24',
    '--node-ip=192.0.2.2',
    `--server-address=127.0.0.1:${kwokPort}`,
    '--node-lease-duration-seconds=40',
    ...(await stagesOf(peers)).map((path) => `--config=${path}`),
  ]);
  const [load] = server.loads;
  for (let index = 0; index < nodes.count; index += 50) {
    const some = Array.from({ length: Math.min(50, nodes.count - index) }, (_, offset) => index + offset);
    await Promise.all(some.map((each) => load.send('POST', '/api/v1/nodes', nodeOf(each, nodes.cpu, nodes.memory))));
  }
  const owned = stack.move();
  return { server, programs, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Starts kube-controller-manager beside a kube-apiserver. @param bin Folder with its binary. @param flags Further ones. */
export async function startControllerManager(
  bin: string,
  folder: string,
  server: KubernetesServer,
  flags: readonly string[] = [],
): Promise<Program> {
  return start(join(bin, 'kube-controller-manager'), [
    `--kubeconfig=${await writeKubeconfig(folder, server)}`,
    `--service-account-private-key-file=${server.signingKey}`,
    '--leader-elect=false',
    '--authentication-skip-lookup=true',
    '--bind-address=127.0.0.1',
    `--secure-port=${await freePort()}`,
    `--kube-api-qps=${qps}`,
    `--kube-api-burst=${qps}`,
    ...flags,
  ]);
}

async function freePort(): Promise<string> {
  return (await freeAddress('127.0.0.1:0')).split(':')[1]!;
}

async function writeKubeconfig(folder: string, server: KubernetesServer): Promise<string> {
  const path = join(folder, 'kubeconfig');
  await writeFile(path, JSON.stringify(kubeconfigOf(server)));
  return path;
}

function kubeconfigOf({ url, token }: KubernetesServer): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
    users: [{ name: 'u', user: { token } }],
  };
}

function schedulerSettings(kubeconfig: string): object {
  return {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig, qps, burst: qps },
    leaderElection: { leaderElect: false },
  };
}

/** kwok's own stages: nodes are ready and send leases, pods run as soon as they are bound, and end as soon as they are deleted. */
async function stagesOf(peers: string): Promise<string[]> {
  const modules = join(peers, 'go/pkg/mod/sigs.k8s.io');
  const kwok = (await readdir(modules)).filter((name) => name.startsWith('kwok@')).at(-1);
  if (kwok === undefined) throw new Error(`there is no kwok in ${modules}`);
  const stages = join(modules, kwok, 'kustomize/stage');
  const pods = (await readdir(join(stages, 'pod/fast'))).filter((name) => /^pod-.*\.yaml$/.test(name));
  return [
    join(stages, 'node/fast/node-initialize.yaml'),
    join(stages, 'node/heartbeat-with-lease/node-heartbeat-with-lease.yaml'),
    ...pods.map((name) => join(stages, 'pod/fast', name)),
  ];
}
