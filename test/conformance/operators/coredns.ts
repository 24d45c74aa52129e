import { Resolver } from 'node:dns/promises';
import { freePort } from '@gantry/cli/up/free-port.ts';
import { eventually } from '../../e2e/wait.ts';
import type { Operator } from './operator.ts';

const resolver = new Resolver();

/** Serves the names of services and pods. */
export const coredns: Operator = {
  name: 'coredns',
  program: 'github.com/coredns/coredns',
  tests: [
    [
      'answers for a service, a headless one and a port',
      async (at) => {
        const { kubectl } = at;
        const port = await freePort();
        const plugin = `kubernetes cluster.local {\n    kubeconfig ${kubectl.kubeconfig}\n  }`;
        const corefile = kubectl.file('Corefile', `cluster.local:${port} {\n  bind 127.0.0.1\n  ${plugin}\n}\n`);
        at.start(['-conf', corefile]);
        resolver.setServers([`127.0.0.1:${port}`]);
        const { spec } = await kubectl.json('get', 'service', 'kubernetes', '-n', 'default');
        await eventually('the api has its address', async () => {
          const answers = await resolver.resolve4('kubernetes.default.svc.cluster.local');
          return answers.join() === spec.clusterIP;
        });
        await kubectl.ok('create', 'deployment', 'web', '--image=gantry.dev/hello:1', '--replicas=2', '--port=8080');
        const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
        const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } };
        const headless = { ...service, spec: { clusterIP: 'None', selector: { app: 'web' }, ports } };
        await kubectl.ok('apply', '-f', kubectl.file('service.json', headless));
        await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=90s');
        const { items } = await kubectl.json('get', 'pods', '-l', 'app=web');
        const addresses = items.map(({ status }: { status: { podIP: string } }) => status.podIP).sort();
        await eventually('the headless service has the addresses of its pods', async () => {
          const answers = await resolver.resolve4('web.coredns.svc.cluster.local');
          return answers.sort().join() === addresses.join();
        });
        const found = await resolver.resolveSrv('_http._tcp.web.coredns.svc.cluster.local');
        if (found.some((each) => each.port !== 8080) || found.length !== 2) throw new Error(JSON.stringify(found));
      },
    ],
  ],
};
