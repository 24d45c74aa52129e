/** Manifests that must be refused, each with what its error must say. Sent to the decoder here, and through the api elsewhere. */
import type { Reason } from '@gantry/runtime/errors.ts';

export interface BrokenManifest {
  /** The fault. */
  readonly name: string;
  readonly manifest: string | Uint8Array;
  /** A part of the error's text, which names the field (or the line) and the problem. */
  readonly problem: string;
  readonly reason: Reason;
}

type Case = readonly [name: string, manifest: string | Uint8Array, problem: string];

const container = '{name: web, image: "web:1"}';
const pod = (spec: string, metadata = 'name: web'): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {${metadata}}\nspec: ${spec}\n`;
/** A pod of one container with these fields beside its name and image. */
const containerWith = (fields: string): string => pod(`{containers: [{name: web, image: "web:1", ${fields}}]}`);
/** A pod of one container, with these fields beside that. */
const podWith = (fields: string): string => pod(`{containers: [${container}], ${fields}}`);
const template = '{metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1"}]}}';
const deployment = (fields: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, template: ${template}, ${fields}}\n`;
const rawDeployment = (spec: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: ${spec}\n`;
const replicaSet = (spec: string): string =>
  `apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web}\nspec: ${spec}\n`;
const service = (spec: string, name = 'web'): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
const configMap = (fields: string, metadata = 'name: web'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {${metadata}}\n${fields}\n`;
const secret = (fields: string): string => `apiVersion: v1\nkind: Secret\nmetadata: {name: web}\n${fields}\n`;
const node = (fields: string): string => `apiVersion: v1\nkind: Node\nmetadata: {name: worker}\n${fields}\n`;
const slice = (fields: string): string =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web}\n${fields}\n`;
const lease = (spec: string): string =>
  `apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: web}\nspec: ${spec}\n`;

/** Bytes that are no text, the same each time. */
function noise(length: number): Uint8Array {
  let state = 12_345;
  return Uint8Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (state >>> 16) & 0xff;
  });
}

const bomb = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`).join('\n');

/** No manifests at all, or none that can be read. */
const unreadable: readonly Case[] = [
  ['nothing', '', 'an object is expected, not null'],
  ['comments only', '# nothing\n', 'an object is expected, not null'],
  ['a word', 'hello', 'an object is expected, not string'],
  ['a list', '- a\n- b\n', 'an object is expected, not array'],
  ['two documents', `${configMap('')}---\n${configMap('')}`, 'more than one document'],
  ['binary noise', noise(4096), 'it is not UTF-8 text'],
  ['a null byte', `${configMap('')}\0`, 'null byte'],
  ['a truncated object', '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"', 'yaml: line 1'],
  ['a tab for indentation', 'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: web\n', 'yaml: line 4'],
  ['bad indentation', 'apiVersion: v1\n  kind: Pod\n', 'yaml: line 2'],
  ['an unknown alias', 'apiVersion: v1\nkind: *pod\n', 'yaml: line 2'],
  ['an alias bomb', `a0: &a0 [x, x]\n${bomb}\n`, 'excessive use of aliases'],
  ['nesting without end', `apiVersion: v1\nkind: Pod\nspec: ${'['.repeat(200_000)}`, 'nesting exceeded'],
  ['JSON nested without end', `{"a": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'nested deeper than'],
  [
    'a key twice',
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\n',
    'line 5: key "name" already set in map',
  ],
  [
    'a JSON property twice',
    '{"apiVersion":"v1","kind":"Pod","spec":{"nodeName":"a","nodeName":"b"}}',
    'duplicate field "spec.nodeName"',
  ],
  ['an object for a key', 'apiVersion: v1\nkind: Pod\nmetadata: {? {a: 1} : b}\n', 'complex keys'],
];

/** Manifests without a kind that is known. */
const unknown: readonly Case[] = [
  ['no kind', 'apiVersion: v1\nmetadata: {name: web}\n', "Object 'Kind' is missing"],
  ['no apiVersion', 'kind: Pod\nmetadata: {name: web}\n', "Object 'apiVersion' is missing"],
  [
    'an unknown kind',
    'apiVersion: v1\nkind: Podd\nmetadata: {name: web}\n',
    'no matches for kind "Podd" in version "v1"',
  ],
  [
    'a kind in the wrong group',
    rawDeployment('{}').replace('apps/v1', 'v1'),
    'no matches for kind "Deployment" in version "v1"',
  ],
  [
    'a version that is gone',
    rawDeployment('{}').replace('apps/v1', 'extensions/v1beta1'),
    'in version "extensions/v1beta1"',
  ],
  ['a name of the language for a kind', 'apiVersion: v1\nkind: constructor\n', 'no matches for kind "constructor"'],
  ['a number for a kind', 'apiVersion: v1\nkind: 7\n', 'Kind'],
];

/** Fields that are not known, or not of this type. */
const mistyped: readonly Case[] = [
  ['an unknown field', deployment('replicaz: 3'), 'unknown field "spec.replicaz"'],
  ['an unknown field deep inside', containerWith('prots: []'), 'unknown field "spec.containers[0].prots"'],
  ['a field in another case', pod(`{Containers: [${container}]}`), 'unknown field "spec.Containers"'],
  ['an unknown field at the top', configMap('date: {}'), 'unknown field "date"'],
  ['a spec for what has none', configMap('spec: {}'), 'unknown field "spec"'],
  ['two unknown fields', pod('{a: 1, b: 2}'), 'unknown field "spec.a", unknown field "spec.b"'],
  [
    'text for a number',
    deployment('replicas: three'),
    'cannot unmarshal string "three" into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  ['a number in quotes', deployment('replicas: "3"'), 'spec.replicas of type int32'],
  [
    'a fraction of a replica',
    deployment('replicas: 1.5'),
    'cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas',
  ],
  ['more than 32 bits', deployment('replicas: 4294967296'), 'spec.replicas of type int32'],
  ['a number for text', pod('{containers: [{name: web, image: 1}]}'), 'spec.containers.image of type string'],
  [
    'a number in an environment',
    containerWith('env: [{name: PORT, value: 8080}]'),
    'spec.containers.env.value of type string',
  ],
  [
    'a boolean for a label',
    pod(`{containers: [${container}]}`, 'name: web, labels: {canary: true}'),
    'metadata.labels.canary of type string',
  ],
  ['text for a boolean', podWith('hostNetwork: "true"'), 'spec.hostNetwork of type bool'],
  ['an object for a list', pod(`{containers: ${container}}`), 'spec.containers of type []v1.Container'],
  ['a list for an object', pod('[]'), 'Pod.spec of type v1.PodSpec'],
  ['text for an object', pod('web'), 'Pod.spec of type v1.PodSpec'],
  ['text in a list of objects', pod('{containers: [web]}'), 'spec.containers of type v1.Container'],
  [
    'a list for labels',
    pod(`{containers: [${container}]}`, 'name: web, labels: [a]'),
    'metadata.labels of type map[string]string',
  ],
  ['an object for a name', pod('{}', 'name: {a: b}'), 'metadata.name of type string'],
  ['a time that is none', pod('{}', 'name: web, creationTimestamp: yesterday'), 'metadata.creationTimestamp'],
  ['bytes that are not base64', secret('data: {a: "%%%"}'), 'data.a: illegal base64 data'],
  [
    'a boolean for a port',
    containerWith('livenessProbe: {tcpSocket: {port: true}}'),
    'tcpSocket.port of type intstr.IntOrString',
  ],
  [
    'a quantity that is none',
    containerWith('resources: {requests: {cpu: lots}}'),
    'spec.containers[0].resources.requests.cpu: Invalid value: "lots": quantities must match',
  ],
  [
    'a quantity with a wrong suffix',
    containerWith('resources: {limits: {memory: 1GB}}'),
    'spec.containers[0].resources.limits.memory: Invalid value: "1GB"',
  ],
  [
    'a list for a quantity',
    containerWith('resources: {limits: {memory: [1]}}'),
    'resources.limits.memory of type resource.Quantity',
  ],
];

/** Names, labels and the rest of the metadata. */
const metadata: readonly Case[] = [
  ['no name', pod(`{containers: [${container}]}`, ''), 'name'],
  [
    'an upper case name',
    configMap('', 'name: Web'),
    'metadata.name: Invalid value: "Web": a lowercase RFC 1123 subdomain must consist of',
  ],
  ['a name with a slash', configMap('', 'name: a/b'), 'metadata.name: Invalid value: "a/b"'],
  ['a name of 254 characters', configMap('', `name: ${'a'.repeat(254)}`), 'metadata.name: Invalid value'],
  ['a huge name', configMap('', `name: ${'a'.repeat(100_000)}`), 'must be no more than 253 characters'],
  [
    'a label with a bad key',
    configMap('', 'name: web, labels: {"a b": c}'),
    'metadata.labels: Invalid value: "a b": name part must consist of',
  ],
  [
    'a label with a bad value',
    configMap('', 'name: web, labels: {a: "b c"}'),
    'metadata.labels: Invalid value: "b c": a valid label must be',
  ],
  [
    'a label of 64 characters',
    configMap('', `name: web, labels: {a: ${'b'.repeat(64)}}`),
    'must be no more than 63 bytes',
  ],
  [
    'an annotation with a bad key',
    configMap('', 'name: web, annotations: {"a b": c}'),
    'metadata.annotations: Invalid value: "a b"',
  ],
  [
    'annotations of 300 kB',
    configMap('', `name: web, annotations: {a: "${'b'.repeat(300_000)}"}`),
    'metadata.annotations: Too long: may not be more than 262144 bytes',
  ],
  ['a finalizer with a bad name', configMap('', 'name: web, finalizers: ["a b"]'), 'metadata.finalizers'],
  [
    'an owner without uid',
    configMap('', 'name: web, ownerReferences: [{apiVersion: v1, kind: Pod, name: a}]'),
    'metadata.ownerReferences[0].uid: Required value',
  ],
];

/** Pods that cannot be. */
const pods: readonly Case[] = [
  ['a pod without spec', 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n', 'spec.containers: Required value'],
  ['no containers', pod('{containers: []}'), 'spec.containers: Required value'],
  ['a container without name', pod('{containers: [{image: "web:1"}]}'), 'spec.containers[0].name: Required value'],
  ['a container without image', pod('{containers: [{name: web}]}'), 'spec.containers[0].image: Required value'],
  [
    'containers of one name',
    pod(`{containers: [${container}, ${container}]}`),
    'spec.containers[1].name: Duplicate value: "web"',
  ],
  [
    'a container with a bad name',
    pod('{containers: [{name: Web_1, image: a}]}'),
    'spec.containers[0].name: Invalid value: "Web_1"',
  ],
  [
    'a port of 70000',
    containerWith('ports: [{containerPort: 70000}]'),
    'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ],
  [
    'a negative port',
    containerWith('ports: [{containerPort: -1}]'),
    'spec.containers[0].ports[0].containerPort: Invalid value: -1',
  ],
  [
    'ports of one name',
    containerWith('ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]'),
    'spec.containers[0].ports[1].name: Duplicate value: "a"',
  ],
  [
    'a protocol that is none',
    containerWith('ports: [{containerPort: 80, protocol: HTTP}]'),
    'spec.containers[0].ports[0].protocol: Unsupported value: "HTTP"',
  ],
  ['a variable without name', containerWith('env: [{value: a}]'), 'spec.containers[0].env[0].name: Required value'],
  [
    'a variable with two sources',
    containerWith('env: [{name: A, value: a, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]'),
    'spec.containers[0].env[0].valueFrom',
  ],
  [
    'limits below requests',
    containerWith('resources: {requests: {cpu: 2}, limits: {cpu: 1}}'),
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit',
  ],
  [
    'negative memory',
    containerWith('resources: {requests: {memory: -1Gi}}'),
    'spec.containers[0].resources.requests[memory]: Invalid value: "-1Gi": must be greater than or equal to 0',
  ],
  [
    'a mount of no volume',
    containerWith('volumeMounts: [{name: data, mountPath: /data}]'),
    'spec.containers[0].volumeMounts[0].name: Not found: "data"',
  ],
  [
    'a mount without path',
    podWith('volumes: [{name: a, emptyDir: {}}]').replace(
      'image: "web:1"',
      'image: "web:1", volumeMounts: [{name: a}]',
    ),
    'spec.containers[0].volumeMounts[0].mountPath: Required value',
  ],
  [
    'volumes of one name',
    podWith('volumes: [{name: a, emptyDir: {}}, {name: a, emptyDir: {}}]'),
    'spec.volumes[1].name: Duplicate value: "a"',
  ],
  ['a volume with two sources', podWith('volumes: [{name: a, emptyDir: {}, hostPath: {path: /a}}]'), 'spec.volumes[0]'],
  [
    'a probe of nothing',
    containerWith('livenessProbe: {periodSeconds: 3}'),
    'spec.containers[0].livenessProbe: Required value: must specify a handler type',
  ],
  [
    'a probe of two things',
    containerWith('livenessProbe: {tcpSocket: {port: 80}, exec: {command: [a]}}'),
    'spec.containers[0].livenessProbe',
  ],
  [
    'a probe every -1 seconds',
    containerWith('readinessProbe: {tcpSocket: {port: 80}, periodSeconds: -1}'),
    'spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'a liveness of two successes',
    containerWith('livenessProbe: {tcpSocket: {port: 80}, successThreshold: 2}'),
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
  ],
  [
    'a restart policy that is none',
    podWith('restartPolicy: Sometimes'),
    'spec.restartPolicy: Unsupported value: "Sometimes"',
  ],
  [
    'a pull policy that is none',
    containerWith('imagePullPolicy: Maybe'),
    'spec.containers[0].imagePullPolicy: Unsupported value: "Maybe"',
  ],
  ['a DNS policy that is none', podWith('dnsPolicy: Mine'), 'spec.dnsPolicy: Unsupported value: "Mine"'],
  ['a deadline of 0', podWith('activeDeadlineSeconds: 0'), 'spec.activeDeadlineSeconds: Invalid value: 0'],
  [
    'a toleration with a bad operator',
    podWith('tolerations: [{key: a, operator: Like}]'),
    'spec.tolerations[0].operator: Unsupported value: "Like"',
  ],
  [
    'a toleration of seconds without NoExecute',
    podWith('tolerations: [{key: a, operator: Exists, effect: NoSchedule, tolerationSeconds: 3}]'),
    'spec.tolerations[0].effect',
  ],
  [
    'a spread with a skew of 0',
    podWith('topologySpreadConstraints: [{maxSkew: 0, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]'),
    'spec.topologySpreadConstraints[0].maxSkew',
  ],
  [
    'affinity to no topology',
    podWith(
      'affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchLabels: {a: b}}}]}}',
    ),
    'podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value',
  ],
  [
    'node affinity with a bad operator',
    podWith(
      'affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Is, values: [b]}]}]}}}',
    ),
    'matchExpressions[0].operator: Invalid value: "Is"',
  ],
  ['a node selector with a bad label', podWith('nodeSelector: {"a b": c}'), 'spec.nodeSelector: Invalid value: "a b"'],
  ['a user below 0', podWith('securityContext: {runAsUser: -5}'), 'spec.securityContext.runAsUser: Invalid value: -5'],
];

/** Kinds that make pods. */
const workloads: readonly Case[] = [
  [
    'negative replicas',
    deployment('replicas: -1'),
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ],
  ['no selector', rawDeployment(`{template: ${template}}`), 'spec.selector: Required value'],
  [
    'no template',
    rawDeployment('{selector: {matchLabels: {app: web}}}'),
    'spec.template.spec.containers: Required value',
  ],
  ['an empty selector', rawDeployment(`{selector: {}, template: ${template}}`), 'spec.selector: Invalid value'],
  [
    'a selector that does not match',
    rawDeployment(`{selector: {matchLabels: {app: other}}, template: ${template}}`),
    '`selector` does not match template `labels`',
  ],
  [
    'a selector with a bad operator',
    rawDeployment(`{selector: {matchExpressions: [{key: app, operator: Has}]}, template: ${template}}`),
    'spec.selector.matchExpressions[0].operator: Invalid value: "Has"',
  ],
  [
    'In without values',
    rawDeployment(`{selector: {matchExpressions: [{key: app, operator: In}]}, template: ${template}}`),
    'spec.selector.matchExpressions[0].values: Required value',
  ],
  ['a strategy that is none', deployment('strategy: {type: Magic}'), 'spec.strategy: Unsupported value: "Magic"'],
  [
    'a surge of -1',
    deployment('strategy: {rollingUpdate: {maxSurge: -1}}'),
    'spec.strategy.rollingUpdate.maxSurge: Invalid value: -1',
  ],
  [
    'a surge that is no percentage',
    deployment('strategy: {rollingUpdate: {maxSurge: half}}'),
    'spec.strategy.rollingUpdate.maxSurge: Invalid value: "half"',
  ],
  [
    'neither surge nor unavailable',
    deployment('strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}'),
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
  ],
  [
    'a template that ends',
    deployment('replicas: 1').replace('spec: {containers', 'spec: {restartPolicy: Never, containers'),
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
  ],
  [
    'a broken container in a template',
    deployment('replicas: 1').replace('name: web, image: "web:1"', 'name: web'),
    'spec.template.spec.containers[0].image: Required value',
  ],
  [
    'a progress deadline below the ready time',
    deployment('minReadySeconds: 100, progressDeadlineSeconds: 50'),
    'spec.progressDeadlineSeconds: Invalid value: 50: must be greater than minReadySeconds',
  ],
  ['negative history', deployment('revisionHistoryLimit: -1'), 'spec.revisionHistoryLimit: Invalid value: -1'],
  [
    'a replica set of negative size',
    replicaSet(`{replicas: -3, selector: {matchLabels: {app: web}}, template: ${template}}`),
    'spec.replicas: Invalid value: -3',
  ],
  [
    'a replica set that selects others',
    replicaSet(`{selector: {matchLabels: {app: x}}, template: ${template}}`),
    '`selector` does not match template `labels`',
  ],
];

/** The other kinds. */
const others: readonly Case[] = [
  ['a service without ports', service('{selector: {app: web}}'), 'spec.ports: Required value'],
  ['a service port of 0', service('{ports: [{port: 0}]}'), 'spec.ports[0].port'],
  ['a service port of 70000', service('{ports: [{port: 70000}]}'), 'spec.ports[0].port: Invalid value: 70000'],
  ['two ports without names', service('{ports: [{port: 80}, {port: 81}]}'), 'spec.ports[0].name: Required value'],
  [
    'a node port on a ClusterIP',
    service('{ports: [{port: 80, nodePort: 30080}]}'),
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ],
  [
    'a service type that is none',
    service('{type: Ingress, ports: [{port: 80}]}'),
    'spec.type: Unsupported value: "Ingress"',
  ],
  [
    'a cluster IP that is none',
    service('{clusterIP: 300.1.1.1, ports: [{port: 80}]}'),
    'spec.clusterIPs[0]: Invalid value: "300.1.1.1"',
  ],
  ['an external name without a name', service('{type: ExternalName}'), 'spec.externalName: Required value'],
  [
    'a config map key with a slash',
    configMap('data: {a/b: c}'),
    'data[a/b]: Invalid value: "a/b": a valid config key must consist of',
  ],
  [
    'a config map of 2 MB',
    configMap(`data: {a: "${'b'.repeat(2_000_000)}"}`),
    'Too long: may not be more than 1048576 bytes',
  ],
  [
    'a TLS secret without key',
    secret('type: kubernetes.io/tls\nstringData: {tls.crt: a}'),
    'data[tls.key]: Required value',
  ],
  ['a taint without effect', node('spec: {taints: [{key: a}]}'), 'spec.taints[0].effect: Required value'],
  [
    'a taint with a bad effect',
    node('spec: {taints: [{key: a, effect: Run}]}'),
    'spec.taints[0].effect: Unsupported value: "Run"',
  ],
  [
    'a node with a negative capacity',
    node('status: {capacity: {cpu: -4}}'),
    'status.capacity.cpu: Invalid value: "-4"',
  ],
  ['a slice without address type', slice('endpoints: []'), 'addressType: Required value'],
  [
    'a slice with a foreign address',
    slice('addressType: IPv4\nendpoints: [{addresses: ["::1"]}]'),
    'endpoints[0].addresses[0]: Invalid value: "::1"',
  ],
  [
    'a lease of 0 seconds',
    lease('{leaseDurationSeconds: 0}'),
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
  ],
];

const scheduling: readonly Case[] = [
  [
    'a priority beyond those of users',
    'apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: a}\nvalue: 2000000000',
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ],
  [
    'a budget with both bounds',
    'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {minAvailable: 1, maxUnavailable: 1}',
    'minAvailable and maxUnavailable cannot be both set',
  ],
  [
    'room for minus three pods',
    'apiVersion: autoscaling.x-k8s.io/v1beta1\nkind: CapacityBuffer\nmetadata: {name: a}\nspec: {podTemplateRef: {name: a}, replicas: -3}',
    'spec.replicas: Invalid value: -3',
  ],
  [
    'a gang of minus three',
    'apiVersion: scheduling.x-k8s.io/v1alpha1\nkind: PodGroup\nmetadata: {name: a}\nspec: {minMember: -3}',
    'spec.minMember: Invalid value: -3',
  ],
  [
    'a claim for nothing',
    'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec: {accessModes: [ReadWriteOnce]}',
    'spec.resources[storage]: Required value',
  ],
  [
    'a volume that is nowhere',
    'apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}}',
    'spec: Required value: must specify a volume type',
  ],
];

const tooLarge: readonly Case[] = [
  [
    '5 MB of YAML',
    configMap(`data:\n${'  # padding padding padding padding\n'.repeat(140_000)}`),
    'Request entity too large',
  ],
];

const group = (cases: readonly Case[], reason: Reason): BrokenManifest[] =>
  cases.map(([name, manifest, problem]) => ({ name, manifest, problem, reason }));

/** All of them. */
export const brokenManifests: readonly BrokenManifest[] = [
  ...group([...unreadable, ...unknown, ...mistyped], 'BadRequest'),
  ...group([...metadata, ...pods, ...workloads, ...others, ...scheduling], 'Invalid'),
  ...group(tooLarge, 'RequestEntityTooLarge'),
];
