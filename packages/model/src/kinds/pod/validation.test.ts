import { describe, expect, it } from 'vitest';
import { decodeManifest } from '../../decode.ts';
import type { Pod } from '../../gen/gantry.core.v1.ts';
import { missingFields } from '../../required.ts';
import { pod } from './pod.ts';

/** The problems of a pod with a container c of image i, once it has its defaults. */
function problemsOf(container: string, spec = ''): string {
  const text = `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i, ${container}}], ${spec}}}`;
  return problemsOfText(text);
}

function problemsOfText(text: string): string {
  const object = decodeManifest(text) as Pod;
  const missing = missingFields(pod, object);
  if (missing.length === 0) pod.setDefaults(object);
  const causes = missing.length > 0 ? missing : pod.validate(object);
  return causes.map(({ field, message }) => `${field}: ${message}`).join('\n');
}

describe('pods that are right', () => {
  it.each([
    [''],
    ['ports: [{name: http, containerPort: 80}, {containerPort: 81, hostPort: 81}]'],
    ['env: [{name: A, value: b}, {name: B, valueFrom: {fieldRef: {fieldPath: "metadata.labels[\'app\']"}}}]'],
    ['env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}]'],
    ['envFrom: [{configMapRef: {name: m}}, {prefix: P_, secretRef: {name: s}}]'],
    ['resources: {limits: {cpu: 1, memory: 1Gi, example.com/gpu: 2}}'],
    ['livenessProbe: {exec: {command: [a]}}, readinessProbe: {tcpSocket: {port: http}, successThreshold: 3}'],
    ['startupProbe: {grpc: {port: 1}}, lifecycle: {preStop: {sleep: {seconds: 5}}}'],
    ['securityContext: {runAsUser: 0, seccompProfile: {type: RuntimeDefault}}'],
  ])('container %s', (container) => {
    expect(problemsOf(container)).toBe('');
  });

  it.each([
    ['initContainers: [{name: s, image: i, restartPolicy: Always, readinessProbe: {httpGet: {port: 80}}}]'],
    ['volumes: [{name: v}, {name: w, configMap: {name: m, items: [{key: k, path: a/b}]}}]'],
    ['tolerations: [{operator: Exists}, {key: a, value: b, effect: NoExecute, tolerationSeconds: 3}]'],
    [
      'affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Gt, values: ["1"]}]}]}}}',
    ],
    [
      'topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, minDomains: 2, labelSelector: {matchLabels: {a: b}}}]',
    ],
    ['dnsPolicy: None, dnsConfig: {nameservers: [1.1.1.1], searches: [a.b., _x.c], options: [{name: ndots}]}'],
    ['hostAliases: [{ip: 1.2.3.4, hostnames: [a.b]}], hostname: a, subdomain: b, nodeName: "n"'],
  ])('spec %s', (spec) => {
    expect(problemsOf('', spec)).toBe('');
  });
});

describe('containers that are wrong', () => {
  it.each([
    ['name: C', 'spec.containers[0].name: Invalid value: "C": a lowercase RFC 1123 label must'],
    ['image: ""', 'spec.containers[0].image: Required value'],
    ['image: " i"', 'spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace'],
    ['imagePullPolicy: Maybe', 'Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"'],
    ['restartPolicy: Always', 'spec.containers[0].restartPolicy: Forbidden: may not be set for non-init containers'],
    ['terminationMessagePolicy: "No"', 'spec.containers[0].terminationMessagePolicy: Unsupported value: "No"'],
    ['ports: [{containerPort: 0}]', 'spec.containers[0].ports[0].containerPort: Required value'],
    ['ports: [{containerPort: 70000}]', 'ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535'],
    [
      'ports: [{containerPort: 80, name: "80"}]',
      'ports[0].name: Invalid value: "80": must contain at least one letter',
    ],
    [
      'ports: [{containerPort: 80, protocol: HTTP}]',
      'Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
    ],
    ['ports: [{name: a, containerPort: 1}, {name: a, containerPort: 2}]', 'ports[1].name: Duplicate value: "a"'],
    [
      'ports: [{containerPort: 1, hostPort: 9}, {containerPort: 2, hostPort: 9}]',
      'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//9"',
    ],
    ['ports: [{containerPort: 1, hostIP: x}]', 'ports[0].hostIP: Invalid value: "x": must be a valid IP address'],
    ['env: [{name: "A=B"}]', 'spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable'],
    ['env: [{value: b}]', 'spec.containers[0].env[0].name: Required value'],
    ['env: [{name: A, valueFrom: {}}]', 'env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`'],
    [
      'env: [{name: A, value: b, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]',
      'env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
    [
      'env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: s, key: k}}}]',
      'env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
    ],
    ['env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.x}}}]', 'field label not supported: spec.x'],
    ['env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.labels}}}]', 'Unsupported value: "metadata.labels"'],
    ['env: [{name: A, valueFrom: {fieldRef: {fieldPath: "spec[\'a\']"}}}]', 'does not support subscript'],
    ['env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.gpu}}}]', 'Unsupported value: "limits.gpu"'],
    [
      'env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1Ki}}}]',
      "only divisor's values 1m and 1 are supported with the cpu resource",
    ],
    ['env: [{name: A, valueFrom: {configMapKeyRef: {key: k}}}]', 'valueFrom.configMapKeyRef.name: Required value'],
    ['env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: a/b}}}]', 'secretKeyRef.key: Invalid value: "a/b"'],
    ['envFrom: [{}]', 'envFrom[0]: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'],
    ['envFrom: [{configMapRef: {name: m}, secretRef: {name: s}}]', 'may not have more than one field specified'],
    ['envFrom: [{secretRef: {}}]', 'spec.containers[0].envFrom[0].secretRef.name: Required value'],
    [
      'resources: {requests: {cpu: 2}, limits: {cpu: 1}}',
      'resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      'resources: {limits: {cpu: -1}}',
      'resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    ['resources: {limits: {gpu: 1}}', 'Invalid value: "gpu": must be a standard resource type or fully qualified'],
    ['resources: {limits: {"a b/c": 1}}', 'resources.limits[a b/c]: Invalid value: "a b/c": prefix part'],
    [
      'resources: {limits: {example.com/gpu: 500m}}',
      'limits[example.com/gpu]: Invalid value: "500m": must be an integer',
    ],
    ['resources: {requests: {example.com/gpu: 1}}', 'Limit must be set for non overcommitable resources'],
    [
      'resources: {requests: {example.com/gpu: 1}, limits: {example.com/gpu: 2}}',
      'must be equal to example.com/gpu limit of 2',
    ],
    ['resources: {limits: {hugepages-2Mi: 4Mi}}', 'resources: Forbidden: HugePages require cpu or memory'],
    ['livenessProbe: {}', 'spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    [
      'livenessProbe: {exec: {command: [a]}, tcpSocket: {port: 1}}',
      'livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
    ],
    ['livenessProbe: {exec: {}}', 'livenessProbe.exec.command: Required value'],
    ['livenessProbe: {exec: {command: [a]}, successThreshold: 2}', 'successThreshold: Invalid value: 2: must be 1'],
    ['startupProbe: {exec: {command: [a]}, successThreshold: 2}', 'startupProbe.successThreshold: Invalid value: 2'],
    ['readinessProbe: {tcpSocket: {port: 0}}', 'tcpSocket.port: Invalid value: 0: must be between 1 and 65535'],
    [
      'readinessProbe: {httpGet: {port: 1, scheme: FTP}}',
      'Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
    ],
    ['readinessProbe: {httpGet: {port: 1, httpHeaders: [{name: "a b"}]}}', 'a valid HTTP header must consist'],
    [
      'readinessProbe: {grpc: {port: 1}, periodSeconds: -1}',
      'periodSeconds: Invalid value: -1: must be greater than or',
    ],
    ['readinessProbe: {grpc: {port: 1}, terminationGracePeriodSeconds: 1}', 'must not be set for readinessProbes'],
    ['livenessProbe: {grpc: {port: 1}, terminationGracePeriodSeconds: 0}', 'Invalid value: 0: must be greater than 0'],
    ['lifecycle: {preStop: {}}', 'lifecycle.preStop: Required value: must specify a handler type'],
    ['lifecycle: {preStop: {sleep: {seconds: 60}}}', 'less than terminationGracePeriodSeconds (30)'],
    ['volumeMounts: [{name: v, mountPath: /a}]', 'spec.containers[0].volumeMounts[0].name: Not found: "v"'],
    ['volumeDevices: [{name: v, devicePath: /a}]', 'spec.containers[0].volumeDevices[0].name: Not found: "v"'],
    [
      'securityContext: {runAsUser: -1}',
      'securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647',
    ],
    ['securityContext: {seccompProfile: {type: Localhost}}', 'must be set when seccomp type is Localhost'],
    ['securityContext: {seccompProfile: {type: Odd}}', 'seccompProfile.type: Unsupported value: "Odd"'],
    ['securityContext: {appArmorProfile: {type: RuntimeDefault, localhostProfile: a}}', 'AppArmor type is Localhost'],
    ['securityContext: {privileged: true, allowPrivilegeEscalation: false}', 'to false and `privileged` to true'],
    ['resizePolicy: [{resourceName: gpu, restartPolicy: NotRequired}]', 'Unsupported value: "gpu"'],
  ])('%s', (container, problem) => {
    const fields = new Map([
      ['name', 'c'],
      ['image', 'i'],
    ]);
    fields.delete(/^\w+/.exec(container)![0]);
    const others = [...fields].map(([name, value]) => `${name}: ${value}, `).join('');
    const text = `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{${others}${container}}]}}`;
    expect(problemsOfText(text)).toContain(problem);
  });

  it('takes the place of a mount once', () => {
    const mounts = 'volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /a, subPath: ../x}]';
    const problems = problemsOf(mounts, 'volumes: [{name: v}]');
    expect(problems).toContain('volumeMounts[1].mountPath: Invalid value: "/a": must be unique');
    expect(problems).toContain(`volumeMounts[1].subPath: Invalid value: "../x": must not contain '..'`);
  });
});

describe('specs that are wrong', () => {
  const soft = 'preferredDuringSchedulingIgnoredDuringExecution';
  const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
  const spread = 'topologyKey: zone, whenUnsatisfiable';
  it.each([
    ['initContainers: [{name: c, image: i}]', 'spec.initContainers[0].name: Duplicate value: "c"'],
    [
      'initContainers: [{name: d, image: i, restartPolicy: Never}]',
      'Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'initContainers: [{name: d, image: i, livenessProbe: {exec: {command: [a]}}}]',
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
    ['ephemeralContainers: [{name: c, image: i}]', 'spec.ephemeralContainers[0].name: Duplicate value: "c"'],
    [
      'restartPolicy: Sometimes',
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFail',
    ],
    ['dnsPolicy: X', 'spec.dnsPolicy: Unsupported value: "X"'],
    ['dnsPolicy: None', 'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    ['dnsConfig: {nameservers: [a, b, c, d]}', 'must not have more than 3 nameservers'],
    ['dnsConfig: {searches: ["a b"]}', 'spec.dnsConfig.searches[0]: Invalid value: "a b"'],
    ['dnsConfig: {options: [{value: x}]}', 'spec.dnsConfig.options[0]: Required value: must not be empty'],
    ['activeDeadlineSeconds: 0', 'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647'],
    ['nodeName: A_', 'spec.nodeName: Invalid value: "A_"'],
    ['hostname: a.b', 'spec.hostname: Invalid value: "a.b": must not contain dots'],
    ['nodeSelector: {a: "-"}', 'spec.nodeSelector: Invalid value: "-": a valid label must be'],
    ['serviceAccountName: A', 'spec.serviceAccountName: Invalid value: "A"'],
    ['hostAliases: [{ip: x, hostnames: [A]}]', 'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP'],
    ['readinessGates: [{conditionType: "a b"}]', 'spec.readinessGates[0].conditionType: Invalid value: "a b"'],
    ['schedulingGates: [{name: a}, {name: a}]', 'spec.schedulingGates[1]: Duplicate value: "a"'],
    [
      'schedulingGates: [{name: a}], nodeName: "n"',
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates',
    ],
    ['preemptionPolicy: X', 'spec.preemptionPolicy: Unsupported value: "X"'],
    ['overhead: {cpu: -1}', 'spec.overhead[cpu]: Invalid value: "-1"'],
    ['os: {name: plan9}', 'spec.os.name: Unsupported value: "plan9"'],
    ['resourceClaims: [{name: r}]', 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'],
    ['volumes: [{name: v}, {name: v}]', 'spec.volumes[1].name: Duplicate value: "v"'],
    ['volumes: [{name: V_}]', 'spec.volumes[0].name: Invalid value: "V_"'],
    ['volumes: [{name: v, emptyDir: {}, hostPath: {path: /}}]', 'Forbidden: may not specify more than 1 volume type'],
    [
      'volumes: [{name: v, emptyDir: {sizeLimit: -1}}]',
      'emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid',
    ],
    [
      'volumes: [{name: v, hostPath: {path: /a/../b}}]',
      `hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
    ],
    ['volumes: [{name: v, hostPath: {path: /a, type: X}}]', 'spec.volumes[0].hostPath.type: Unsupported value: "X"'],
    ['volumes: [{name: v, secret: {}}]', 'spec.volumes[0].secret.secretName: Required value'],
    ['volumes: [{name: v, configMap: {}}]', 'spec.volumes[0].configMap.name: Required value'],
    ['volumes: [{name: v, configMap: {name: m, defaultMode: 512}}]', 'must be a number between 0 and 0777 (octal)'],
    [
      'volumes: [{name: v, configMap: {name: m, items: [{key: k, path: /a}]}}]',
      'items[0].path: Invalid value: "/a": must be',
    ],
    ['volumes: [{name: v, configMap: {name: m, items: [{key: k, path: ..a}]}}]', "must not start with '..'"],
    ['volumes: [{name: v, downwardAPI: {items: [{path: a}]}}]', 'one of fieldRef and resourceFieldRef is required'],
    ['volumes: [{name: v, projected: {sources: [{}]}}]', 'projected.sources[0]: Required value: must specify a volume'],
    [
      'volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, expirationSeconds: 5}}]}}]',
      'may not specify a duration less than 10 minutes',
    ],
    [
      'volumes: [{name: v, projected: {sources: [{secret: {name: s, items: [{key: k, path: a}]}}, {configMap: {name: m, items: [{key: k, path: a}]}}]}}]',
      'spec.volumes[0].projected.sources[1]: Invalid value: "a": conflicting duplicate paths',
    ],
    ['tolerations: [{value: a}]', 'operator must be Exists when `key` is empty'],
    ['tolerations: [{key: a, operator: Exists, value: b}]', "value must be empty when `operator` is 'Exists'"],
    ['tolerations: [{key: a, operator: Like}]', 'Unsupported value: "Like": supported values: "Equal", "Exists"'],
    ['tolerations: [{key: a, effect: NoWay}]', 'spec.tolerations[0].effect: Unsupported value: "NoWay"'],
    ['tolerations: [{key: a, tolerationSeconds: 1}]', "effect must be 'NoExecute' when `tolerationSeconds` is set"],
    [
      `affinity: {nodeAffinity: {${hard}: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: In}]}]}}}`,
      'values: Required',
    ],
    [
      `affinity: {nodeAffinity: {${hard}: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Is}]}]}}}`,
      'not a valid selector operator',
    ],
    [
      `affinity: {nodeAffinity: {${hard}: {nodeSelectorTerms: [{matchFields: [{key: a, operator: In, values: [b]}]}]}}}`,
      'not a valid field selector key',
    ],
    [
      `affinity: {nodeAffinity: {${soft}: [{weight: 0, preference: {}}]}}`,
      'weight: Invalid value: 0: must be in the range 1-100',
    ],
    [`affinity: {podAffinity: {${hard}: [{topologyKey: "a b"}]}}`, 'topologyKey: Invalid value: "a b"'],
    [
      `affinity: {podAntiAffinity: {${soft}: [{weight: 200, podAffinityTerm: {topologyKey: a}}]}}`,
      'Invalid value: 200',
    ],
    [
      `affinity: {podAffinity: {${hard}: [{topologyKey: a, matchLabelKeys: [b]}]}}`,
      'matchLabelKeys: Forbidden: must not be',
    ],
    [
      `topologySpreadConstraints: [{maxSkew: 0, ${spread}: DoNotSchedule}]`,
      'maxSkew: Invalid value: 0: must be greater than zero',
    ],
    [`topologySpreadConstraints: [{maxSkew: 1, ${spread}: Never}]`, 'whenUnsatisfiable: Unsupported value: "Never"'],
    [
      `topologySpreadConstraints: [{maxSkew: 1, minDomains: 1, ${spread}: ScheduleAnyway}]`,
      'can only use minDomains if',
    ],
    [
      `topologySpreadConstraints: [{maxSkew: 1, ${spread}: DoNotSchedule}, {maxSkew: 2, ${spread}: DoNotSchedule}]`,
      'topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"',
    ],
    ['securityContext: {fsGroup: -1}', 'spec.securityContext.fsGroup: Invalid value: -1'],
    [
      'securityContext: {sysctls: [{name: "A b"}]}',
      'spec.securityContext.sysctls[0].name: Invalid value: "A b": must have',
    ],
    ['hostNetwork: true, securityContext: {sysctls: [{name: net.core.somaxconn}]}', "when 'hostNetwork' is true"],
    ['hostPID: true, shareProcessNamespace: true', 'ShareProcessNamespace and HostPID cannot both be enabled'],
    ['hostUsers: false, hostNetwork: true', 'spec.hostNetwork: Forbidden: when `hostUsers` is false'],
  ])('%s', (spec, problem) => {
    expect(problemsOf('', spec)).toContain(problem);
  });

  it('wants ports of the host network to be those of the node', () => {
    expect(problemsOf('ports: [{containerPort: 80, hostPort: 81}]', 'hostNetwork: true')).toContain(
      'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
    );
  });

  it('tells of all problems at once', () => {
    expect(problemsOf('imagePullPolicy: X', 'restartPolicy: Never!, volumes: [{name: V}]').split('\n')).toHaveLength(3);
  });
});
