import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, issue } from '@gantry/pki/authority.ts';
import { absent, type Life } from './lives.ts';

/** A served metrics api: all three groups, with the played numbers of the life of each namespace. */
export class MetricsServer implements Disposable {
  readonly port: number;
  readonly lives = new Map<string, Life>();
  readonly #stop: () => void;

  private constructor(port: number, stop: () => void) {
    this.port = port;
    this.#stop = stop;
  }

  static async start(): Promise<MetricsServer> {
    const nowMs = Date.now();
    const authority = await createAuthority('metrics', nowMs);
    const pair = await issue(authority, { commonName: 'metrics', ips: ['127.0.0.1'], uses: ['server'] }, nowMs);
    let own: MetricsServer | undefined;
    const server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
      const { code, body } = own!.answer(request);
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    own = new MetricsServer((server.address() as AddressInfo).port, () => {
      server.closeAllConnections();
      server.close();
    });
    return own;
  }

  answer({ url = '' }: IncomingMessage): { readonly code: number; readonly body: object } {
    const [, , group, version, , namespace, ...rest] = decodeURIComponent(url.split('?')[0]!).split('/');
    const apiVersion = `${group}/${version}`;
    if (namespace === undefined) {
      return {
        code: 200,
        body: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion, resources: [] },
      };
    }
    const life = this.lives.get(namespace);
    const items = life === undefined ? undefined : itemsOf(life, group!, rest, namespace);
    if (items === undefined) {
      const message = absent(rest.at(-1)!);
      return {
        code: 404,
        body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404, message },
      };
    }
    const kinds: Readonly<Record<string, string>> = {
      'metrics.k8s.io': 'PodMetricsList',
      'custom.metrics.k8s.io': 'MetricValueList',
      'external.metrics.k8s.io': 'ExternalMetricValueList',
    };
    return { code: 200, body: { kind: kinds[group!], apiVersion, metadata: {}, items } };
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}

function itemsOf(life: Life, group: string, path: readonly string[], namespace: string): object[] | undefined {
  const timestamp = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  if (group === 'metrics.k8s.io') {
    return life.pods.flatMap(({ cpu, memory = '1Mi' }, index) => {
      const containers = [{ name: 'c', usage: { cpu, memory } }];
      return cpu === undefined
        ? []
        : [{ metadata: { name: `p${index}`, namespace }, timestamp, window: '15s', containers }];
    });
  }
  if (group === 'external.metrics.k8s.io') {
    const metricName = path[0]!;
    return life.external?.[metricName]?.map((value) => ({ metricName, metricLabels: {}, timestamp, value }));
  }
  const [resource, name, metric] = path;
  const values = life.custom?.[name === '*' ? `${resource}/${metric}` : `${resource}.${name}/${metric}`];
  return values?.map((value, index) => {
    const describedObject = { kind: 'Object', namespace, name: name === '*' ? `p${index}` : name };
    return { describedObject, metric: { name: metric }, timestamp, value };
  });
}
