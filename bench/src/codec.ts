/**
 * Encodes and decodes of a pod per second: the compiled codec (Kubernetes' JSON form to bytes and back), protobufjs'
 * reflection (plain objects of its own form), and JSON, on one thread.
 *
 *     scripts/node bench/src/codec.ts [--seconds 1]
 */

import { builtIn } from '@gantry/model/built-in.ts';
import { codecFor } from '@gantry/model/codec.ts';
import { decodeManifest } from '@gantry/model/decode.ts';
import { loadRoot } from '@gantry/model/proto-root.ts';
import { completeNew } from '@gantry/model/validation/object.ts';
import { readArguments } from './arguments.ts';

const manifest = `
apiVersion: v1
kind: Pod
metadata:
  name: web-5d9c7b8f6d-x2v4q
  namespace: shop
  labels: {app: web, tier: front, pod-template-hash: 5d9c7b8f6d}
  annotations: {gantry.dev/revision: "7"}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d9c7b8f6d, uid: 0c3d0e5e-7d0d-4a9f-9b55-0d6c2a9c6f10, controller: true}]
spec:
  nodeName: node-17
  containers:
    - name: web
      image: registry.example/shop/web:1.2.3
      args: [--port, "8080"]
      env: [{name: STAGE, value: production}, {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
      ports: [{name: http, containerPort: 8080}]
      resources: {requests: {cpu: 250m, memory: 64Mi}, limits: {memory: 128Mi}}
      readinessProbe: {httpGet: {path: /healthz, port: http}}
      volumeMounts: [{name: config, mountPath: /etc/web}]
  volumes: [{name: config, configMap: {name: web}}]
`;

/** Calls between looks at the clock. */
const burst = 200;

/** Calls per second, after a run that warms up. */
function perSecond(seconds: number, call: () => unknown): number {
  const run = (forMs: number): number => {
    const startedMs = performance.now();
    let calls = 0;
    while (performance.now() - startedMs < forMs) {
      for (let i = 0; i < burst; i++) call();
      calls += burst;
    }
    return (calls / (performance.now() - startedMs)) * 1_000;
  };
  run(seconds * 250);
  return run(seconds * 1_000);
}

function report(name: string, encodes: number, decodes: number): void {
  const shown = (figure: number): string => `${(figure / 1_000).toFixed(0)}k/s`.padStart(8);
  process.stdout.write(`${name.padEnd(34)} encode ${shown(encodes)}   decode ${shown(decodes)}\n`);
}

const { seconds } = readArguments('Encodes and decodes of a pod per second.', {
  seconds: { type: 'number', about: 'seconds a figure', default: 1 },
});
const pod = decodeManifest(manifest);
completeNew(builtIn.kindOfObject(pod), pod);
const codec = codecFor('gantry.core.v1.Pod');
const bytes = codec.encode(pod);
const type = loadRoot().lookupType('gantry.core.v1.Pod');
const plain = type.toObject(type.decode(bytes));
const json = JSON.stringify(pod);

process.stdout.write(`a pod of ${bytes.length} bytes in protobuf, ${json.length} in JSON\n`);
report(
  'codec',
  perSecond(seconds, () => codec.encode(pod)),
  perSecond(seconds, () => codec.decode(bytes)),
);
report(
  'protobufjs, reflection',
  perSecond(seconds, () => type.encode(type.fromObject(plain)).finish()),
  perSecond(seconds, () => type.toObject(type.decode(bytes))),
);
report(
  'JSON',
  perSecond(seconds, () => JSON.stringify(pod)),
  perSecond(seconds, () => JSON.parse(json)),
);
