import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { eventually } from '../../e2e/wait.ts';
import type { Operator, Stage } from './operator.ts';

const module = 'github.com/prometheus-operator/prometheus-operator';
const group = 'monitoring.coreos.com';

/** Makes StatefulSets and configurations of Prometheus servers of custom objects with some of the largest schemas that there are. */
export const prometheusOperator: Operator = {
  name: 'prometheus-operator',
  program: `${module}/cmd/operator`,
  tests: [
    [
      'its ten definitions are established',
      async (at) => {
        await at.define(module, ['example/prometheus-operator-crd']);
        const explained = await at.kubectl.ok('explain', `prometheuses.${group}.spec.retention`);
        if (!explained.includes('How long to retain')) throw new Error(`kubectl explain says: ${explained}`);
      },
    ],
    [
      'makes a StatefulSet, a Service and a configuration of a Prometheus',
      async (at) => {
        const { kubectl } = at;
        at.start([...(await access(at)), '-namespaces', kubectl.namespace, '-web.listen-address', '127.0.0.1:0']);
        const selector = { matchLabels: { app: 'web' } };
        const spec = { replicas: 2, serviceMonitorSelector: selector, ruleSelector: selector };
        const metadata = { name: 'main', namespace: kubectl.namespace };
        const prometheus = { apiVersion: `${group}/v1`, kind: 'Prometheus', metadata, spec };
        await kubectl.ok('apply', '-f', kubectl.file('prometheus.json', prometheus));
        await eventually('the StatefulSet is there', async () => {
          const { spec: made, metadata: own } = await kubectl.json('get', 'statefulset', 'prometheus-main');
          return made.replicas === 2 && own.ownerReferences[0].kind === 'Prometheus';
        });
        await kubectl.ok('get', 'service', 'prometheus-operated');
        await eventually('its status is told', async () => {
          const { status } = await kubectl.json('get', 'prometheus', 'main');
          return status?.conditions?.some(({ type }: { type: string }) => type === 'Reconciled');
        });
      },
    ],
    [
      'follows monitors and rules',
      async (at) => {
        const { kubectl } = at;
        const metadata = { name: 'web', namespace: kubectl.namespace, labels: { app: 'web' } };
        const spec = { selector: { matchLabels: { app: 'web' } }, endpoints: [{ port: 'http', interval: '15s' }] };
        const monitor = { apiVersion: `${group}/v1`, kind: 'ServiceMonitor', metadata, spec };
        await kubectl.ok('apply', '-f', kubectl.file('monitor.json', monitor));
        const groups = [{ name: 'web', rules: [{ alert: 'Down', expr: 'up == 0', for: '1m' }] }];
        const rule = { apiVersion: `${group}/v1`, kind: 'PrometheusRule', metadata, spec: { groups } };
        await kubectl.ok('apply', '-f', kubectl.file('rule.json', rule));
        await eventually('the configuration has the monitor', async () => {
          const { data } = await kubectl.json('get', 'secret', 'prometheus-main');
          const text = gunzipSync(Buffer.from(data['prometheus.yaml.gz'], 'base64')).toString();
          return text.includes(`serviceMonitor/${kubectl.namespace}/web/0`);
        });
        await eventually('the rules are in a ConfigMap', async () =>
          (await kubectl.ok('get', 'configmap', 'prometheus-main-rulefiles-0', '-o', 'yaml')).includes('alert: Down'),
        );
      },
    ],
    [
      'an object that its schema refuses is refused',
      async (at) => {
        const { kubectl } = at;
        const metadata = { name: 'bad', namespace: kubectl.namespace };
        const prometheus = { apiVersion: `${group}/v1`, kind: 'Prometheus', metadata, spec: { retention: 'long' } };
        const said = await kubectl.fails('create', '-f', kubectl.file('bad.json', prometheus));
        if (!said.includes('spec.retention: Invalid value: "long"')) throw new Error(`it says: ${said}`);
      },
    ],
  ],
};

/** Flags that lead it to the cluster: it takes no kubeconfig. */
async function access({ cluster: { stateDir }, kubectl }: Stage): Promise<string[]> {
  const config = parse(await readFile(kubectl.kubeconfig, 'utf8')) as { clusters: { cluster: { server: string } }[] };
  const files = { 'ca-file': 'ca.crt', 'cert-file': 'tls.crt', 'key-file': 'tls.key' };
  const flags = Object.entries(files).flatMap(([flag, file]) => [`-${flag}`, join(stateDir, 'pki/admin', file)]);
  return ['-apiserver', config.clusters[0]!.cluster.server, ...flags];
}
