/** kube-controller-manager beside a real kube-apiserver. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Oracle } from '../oracle.ts';
import type { Cluster, Json, KindName, Kinds } from './world.ts';

/** Looks that have to see the same, and the milliseconds between them, until the controllers count as being at rest. */
const equalLooks = 7;
const lookMs = 350;

const plurals: Readonly<Record<KindName, string>> = {
  Deployment: '/apis/apps/v1/namespaces/NS/deployments',
  ReplicaSet: '/apis/apps/v1/namespaces/NS/replicasets',
  ReplicationController: '/api/v1/namespaces/NS/replicationcontrollers',
  Pod: '/api/v1/namespaces/NS/pods',
};
const merge = 'application/merge-patch+json';

/** Starts the controllers of Deployments, ReplicaSets and ReplicationControllers alone; disposing ends them. */
export async function startControllers(peers: string, oracle: Oracle): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-controllers-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const cluster = { server: oracle.url, 'insecure-skip-tls-verify': true };
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { token: oracle.token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    }),
  );
  const log = openSync(join(folder, 'log'), 'w');
  const controllers = 'deployment-controller,replicaset-controller,replicationcontroller-controller';
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    `--controllers=${controllers}`,
    '--leader-elect=false',
    '--kube-api-qps=2000',
    '--kube-api-burst=2000',
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
    '--secure-port=0',
  ];
  const child = spawn(join(peers, 'bin', 'kube-controller-manager'), flags, { stdio: ['ignore', log, log] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A namespace of a real cluster. */
export class KubernetesCluster implements Cluster {
  readonly #oracle: Oracle;
  readonly #namespace: string;

  private constructor(oracle: Oracle, namespace: string) {
    this.#oracle = oracle;
    this.#namespace = namespace;
  }

  static async make(oracle: Oracle, namespace: string): Promise<KubernetesCluster> {
    await sent(oracle, 'POST', '/api/v1/namespaces', { metadata: { name: namespace } });
    return new KubernetesCluster(oracle, namespace);
  }

  async create(kind: KindName, name: string, body: Json): Promise<void> {
    const apiVersion = kind === 'ReplicationController' ? 'v1' : 'apps/v1';
    const metadata = { ...(body.metadata as object), name };
    await this.#send('POST', this.#path(kind), { apiVersion, kind, ...body, metadata });
  }

  async patch(kind: KindName, name: string, body: Json): Promise<void> {
    await this.#send('PATCH', `${this.#path(kind)}/${name}`, body, merge);
  }

  async list<K extends KindName>(kind: K): Promise<Kinds[K][]> {
    const { items } = await this.#send('GET', this.#path(kind));
    return items as Kinds[K][];
  }

  async setStatus({ metadata }: Kinds['Pod'], status: Json): Promise<void> {
    await this.#send('PATCH', `${this.#path('Pod')}/${metadata.name}/status`, { status }, merge);
  }

  async bind({ metadata }: Kinds['Pod'], node: string): Promise<void> {
    const target = { apiVersion: 'v1', kind: 'Node', name: node };
    await this.#send('POST', `${this.#path('Pod')}/${metadata.name}/binding`, {
      metadata: { name: metadata.name },
      target,
    });
  }

  async end({ metadata }: Kinds['Pod']): Promise<void> {
    await this.#send('DELETE', `${this.#path('Pod')}/${metadata.name}`, { gracePeriodSeconds: 0 });
  }

  wait(ms: number): Promise<void> {
    return sleep(ms);
  }

  async settle(): Promise<void> {
    let last = '';
    for (let equal = 0; equal < equalLooks; ) {
      await sleep(lookMs);
      const kinds = await Promise.all((Object.keys(plurals) as KindName[]).map((kind) => this.list(kind)));
      const versions = kinds.flat().map(({ metadata }) => metadata.resourceVersion);
      const look = versions.join();
      equal = look === last ? equal + 1 : 0;
      last = look;
    }
  }

  async events(): Promise<string[]> {
    const { items } = await this.#send('GET', `/api/v1/namespaces/${this.#namespace}/events`);
    return (items as { involvedObject: { kind: string }; type: string; reason: string; message: string }[]).map(
      ({ involvedObject, type, reason, message }) =>
        `${involvedObject.kind} ${type} ${reason} ${message.replace('(combined from similar events): ', '')}`,
    );
  }

  now(): number {
    return Date.now();
  }

  #path(kind: KindName): string {
    return plurals[kind].replace('NS', this.#namespace);
  }

  #send(method: string, path: string, body?: unknown, type?: string): Promise<Json> {
    return sent(this.#oracle, method, path, body, type);
  }
}

async function sent(oracle: Oracle, method: string, path: string, body?: unknown, type?: string): Promise<Json> {
  const answer = await oracle.send(method, path, body, type);
  if (answer.code >= 300) throw new Error(`${method} ${path}: ${answer.code}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
