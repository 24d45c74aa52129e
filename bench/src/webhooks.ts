/**
 * Time that webhooks and policies of admission add to a create, in Gantry's api and in a real kube-apiserver with etcd, in one run. The
 * webhook is a server of this process, which both call by its URL:
 *
 *     PEERS=FOLDER scripts/node bench/src/webhooks.ts [--creates 400]
 *
 * PEERS names a folder whose bin/ holds etcd and kube-apiserver.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { HookServer, hookNamed } from '@gantry/api/admission/testing/hook-server.ts';
import { readArguments, refuse } from './arguments.ts';
import { type HttpLoad, namespace } from './kubernetes/load.ts';
import type { Server } from './kubernetes/servers.ts';
import { sideBySide } from './kubernetes/side-by-side.ts';

const values = readArguments('Time that webhooks and policies add to a create.', {
  creates: { type: 'number', about: 'ConfigMaps that are created, one after another, in each row', default: 400 },
});
const peers = process.env.PEERS;
if (!peers) refuse('PEERS is missing: the folder whose bin/ holds etcd and kube-apiserver');

const group = '/apis/admissionregistration.k8s.io/v1';
const apiVersion = 'admissionregistration.k8s.io/v1';
/** Milliseconds until a server goes by a configuration: kube-apiserver reads policies once a second. */
const settlingMs = 2_500;

using hooks = await HookServer.start();
hooks.answers.set('change', () => ({ patch: [{ op: 'add', path: '/data/by', value: 'hook' }] }));
await sideBySide(peers, ['sqlite'], measure);

async function measure({ name, loads: [load] }: Server): Promise<void> {
  await load.createNamespace(namespace);
  await creates(load, 'warm');
  console.log(`${name}: ${await creates(load, 'none')} without any`);
  await make(load, 'ValidatingWebhookConfiguration', { webhooks: [hookNamed(hooks, 'allow')] });
  console.log(`${name}: ${await creates(load, 'validated')} with a validating webhook`);
  await make(load, 'MutatingWebhookConfiguration', { webhooks: [hookNamed(hooks, 'change')] });
  console.log(`${name}: ${await creates(load, 'mutated')} with a mutating one, too`);
  const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
  const validations = [{ expression: "object.data.all(key, object.data[key] != 'none')" }];
  await make(load, 'ValidatingAdmissionPolicy', { spec: { matchConstraints: { resourceRules: [rule] }, validations } });
  const binding = { policyName: 'bench', validationActions: ['Deny'] };
  await make(load, 'ValidatingAdmissionPolicyBinding', { spec: binding });
  console.log(`${name}: ${await creates(load, 'held')} with a policy, too`);
}

async function make(load: HttpLoad, kind: string, fields: object): Promise<void> {
  const plural = kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  await load.send('POST', `${group}/${plural.toLowerCase()}`, {
    apiVersion,
    kind,
    metadata: { name: 'bench' },
    ...fields,
  });
  await delay(settlingMs);
}

/** Creates ConfigMaps one after another; the median and the 99th percentile of a create's milliseconds. */
async function creates(load: HttpLoad, prefix: string): Promise<string> {
  const latencies: number[] = [];
  for (let index = 0; index < values.creates; index++) {
    const startedMs = performance.now();
    const metadata = { name: `${prefix}-${index}`, namespace };
    await load.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: '1' } });
    latencies.push(performance.now() - startedMs);
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number): string => latencies[Math.floor(share * (latencies.length - 1))]!.toFixed(2);
  return `a create takes ${at(0.5)} ms, p99 ${at(0.99)} ms,`;
}
