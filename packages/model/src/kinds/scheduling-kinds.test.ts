import { describe, expect, it } from 'vitest';
import { made, printed, problemsOf } from '../testing/made.ts';

const priority = (name: string, rest: string): string =>
  `{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: ${name}}, ${rest}}`;
const budget = (spec: string): string =>
  `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: ${spec}}`;
const group = (spec: string): string =>
  `{apiVersion: scheduling.x-k8s.io/v1alpha1, kind: PodGroup, metadata: {name: g}, spec: ${spec}}`;
const storage = (rest: string): string =>
  `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: s}, provisioner: example.com/disk, ${rest}}`;
const volume = (spec: string): string =>
  `{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], ${spec}}}`;
const claim = (spec: string): string =>
  `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, ${spec}}}`;
const onNode =
  'nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [a]}]}]}}';

describe('validation', () => {
  it.each([
    priority('high', 'value: 1000000000'),
    priority('low', 'value: -5, preemptionPolicy: Never, globalDefault: true'),
    priority('system-node-critical', 'value: 2000001000'),
    budget('{minAvailable: 50%, selector: {matchLabels: {app: web}}}'),
    budget('{maxUnavailable: 0, unhealthyPodEvictionPolicy: AlwaysAllow}'),
    budget('{}'),
    group('{minMember: 3, minResources: {cpu: "3", example.com/gpu: 3}, scheduleTimeoutSeconds: 10}'),
    storage(
      'allowedTopologies: [{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [a, b]}]}], volumeBindingMode: WaitForFirstConsumer',
    ),
    volume('hostPath: {path: /data}, storageClassName: slow'),
    volume(`local: {path: /mnt/a}, ${onNode}`),
    claim('storageClassName: "", selector: {matchLabels: {tier: fast}}'),
    claim('dataSource: {kind: PersistentVolumeClaim, name: other}'),
  ])('takes %s', (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it.each([
    [
      priority('high', 'value: 1000000001'),
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
    [
      priority('system-own', 'value: 1'),
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-own is not a known system priority class",
    ],
    [priority('system-cluster-critical', 'value: 1'), 'PriorityClass must be 2000000000'],
    [
      priority('a', 'preemptionPolicy: Always'),
      'preemptionPolicy: Unsupported value: "Always": supported values: "Never", "PreemptLowerPriority"',
    ],
    [
      budget('{minAvailable: 1, maxUnavailable: 1}'),
      'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
    ],
    [budget('{minAvailable: -1}'), 'spec.minAvailable: Invalid value: -1: must be greater than or equal to 0'],
    [budget('{minAvailable: half}'), 'spec.minAvailable: Invalid value: "half": a valid percent string'],
    [budget('{maxUnavailable: 101%}'), 'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    [budget('{selector: {matchExpressions: [{key: a, operator: Is}]}}'), 'not a valid selector operator'],
    [
      budget('{unhealthyPodEvictionPolicy: Never}'),
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
    [group('{minMember: -1}'), 'spec.minMember: Invalid value: -1: must be greater than or equal to 0'],
    [group('{minMember: 501}'), 'spec.minMember: Invalid value: 501: must be less than or equal to 500'],
    [group('{scheduleTimeoutSeconds: 0}'), 'spec.scheduleTimeoutSeconds: Invalid value: 0: must be greater than zero'],
    [group('{minResources: {cpu: "-1"}}'), 'spec.minResources[cpu]: Invalid value: "-1"'],
    [storage('volumeBindingMode: Later'), 'supported values: "Immediate", "WaitForFirstConsumer"'],
    [storage('reclaimPolicy: Recycle'), 'reclaimPolicy: Unsupported value: "Recycle"'],
    [
      storage('allowedTopologies: [{matchLabelExpressions: [{key: zone, values: [a, a]}]}]'),
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
    ],
    [volume('storageClassName: a'), 'spec: Required value: must specify a volume type'],
    [volume('hostPath: {path: /a}, nfs: {server: s, path: /a}'), 'spec.nfs: Forbidden: may not specify more than 1'],
    [volume('local: {path: /a}'), 'spec.nodeAffinity: Required value: Local volume requires node affinity'],
    [
      volume('hostPath: {path: /a}').replace('1Gi', '"0"'),
      'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
    ],
    [volume('hostPath: {path: /a}').replace('storage:', 'cpu:'), 'supported values: "storage"'],
    [
      volume('hostPath: {path: /a}').replace('[ReadWriteOnce]', '[ReadWriteOnce, ReadWriteOncePod]'),
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
    ],
    [
      claim('volumeMode: Raw').replace('[ReadWriteOnce]', '[]'),
      'spec.accessModes: Required value: at least 1 access mode is required',
    ],
    [claim('volumeMode: Raw'), 'spec.volumeMode: Unsupported value: "Raw": supported values: "Block", "Filesystem"'],
    [claim('volumeMode: Block').replace('storage: 1Gi', ''), 'spec.resources[storage]: Required value'],
    [
      claim('dataSource: {kind: VolumeSnapshot, name: s}'),
      'spec.dataSource: Invalid value: "VolumeSnapshot": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
    ],
  ])('refuses %.80s', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  it.each([
    [priority('a', 'value: 1'), priority('a', 'value: 2'), ['value']],
    [priority('a', 'value: 1'), priority('a', 'value: 1, preemptionPolicy: Never'), ['preemptionPolicy']],
    [priority('a', 'value: 1'), priority('a', 'value: 1, description: other'), []],
    [storage('parameters: {a: b}'), storage('parameters: {a: c}'), ['parameters']],
    [storage('reclaimPolicy: Delete'), storage('reclaimPolicy: Retain'), ['reclaimPolicy']],
    [
      storage('volumeBindingMode: Immediate'),
      storage('volumeBindingMode: WaitForFirstConsumer'),
      ['volumeBindingMode'],
    ],
    [volume('hostPath: {path: /a}'), volume('hostPath: {path: /b}'), ['spec.persistentvolumesource']],
    [volume('hostPath: {path: /a}'), volume(`hostPath: {path: /a}, ${onNode}`), []],
    [volume(`hostPath: {path: /a}, ${onNode}`), volume('hostPath: {path: /a}'), ['nodeAffinity']],
    [volume('hostPath: {path: /a}'), volume('hostPath: {path: /a}, claimRef: {namespace: "n", name: c}'), []],
    [claim('storageClassName: a'), claim('storageClassName: b'), ['spec']],
    [claim('volumeMode: Block'), claim('volumeMode: Block, volumeName: v'), []],
    [claim('volumeName: v'), claim('volumeName: w'), ['spec']],
    [claim('volumeName: v'), claim('volumeName: v').replace('1Gi', '2Gi'), ['spec']],
  ])('lets nobody change %s to %s', (before, after, fields) => {
    const { kind, object } = made(after);
    expect(kind.validateUpdate!(object, made(before).object).map(({ field }) => field)).toEqual(fields);
  });
});

describe('defaults', () => {
  it.each<[text: string, expected: object]>([
    [priority('a', 'value: 1'), { preemptionPolicy: 'PreemptLowerPriority' }],
    [group('{minMember: 3}'), { status: { phase: 'Pending' } }],
    [storage('parameters: {}'), { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }],
    [
      volume('hostPath: {path: /a}'),
      { spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
    ],
    [claim('volumeName: v'), { spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } }],
  ])('of %s', (text, expected) => {
    expect(made(text).object).toMatchObject(expected);
  });

  it('the size of a claim may grow once it is bound, and never falls below what was given', () => {
    const { kind, object: stored } = made(claim('volumeName: v').replace('1Gi', '2Gi'));
    Object.assign(stored, { status: { phase: 'Bound', capacity: { storage: '2Gi' } } });
    const problems = (size: string): string[] =>
      kind.validateUpdate!(made(claim('volumeName: v').replace('1Gi', size)).object, stored).map(({ field }) => field);
    expect(problems('3Gi')).toEqual([]);
    expect(problems('1Gi')).toEqual(['spec.resources.requests.storage']);
  });

  it('a new budget allows nothing yet', () => {
    const text = budget('{minAvailable: 1}').replace('spec:', 'status: {disruptionsAllowed: 5}, spec:');
    expect(made(text).object).not.toHaveProperty('status');
  });
});

describe('columns', () => {
  it.each<[text: string, row: Record<string, string>]>([
    [
      priority('a', 'value: 7'),
      { NAME: 'a', VALUE: '7', 'GLOBAL-DEFAULT': 'false', AGE: '10m', PREEMPTIONPOLICY: 'PreemptLowerPriority' },
    ],
    [
      budget('{minAvailable: 50%}'),
      { NAME: 'b', 'MIN AVAILABLE': '50%', 'MAX UNAVAILABLE': 'N/A', 'ALLOWED DISRUPTIONS': '0', AGE: '10m' },
    ],
    [
      group('{minMember: 3}'),
      { NAME: 'g', PHASE: 'Pending', MINMEMBER: '3', RUNNING: '', SUCCEEDED: '', FAILED: '', AGE: '10m' },
    ],
    [
      storage('parameters: {}').replace(
        '{name: s}',
        '{name: s, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}',
      ),
      {
        NAME: 's (default)',
        PROVISIONER: 'example.com/disk',
        RECLAIMPOLICY: 'Delete',
        VOLUMEBINDINGMODE: 'Immediate',
        ALLOWVOLUMEEXPANSION: 'false',
        AGE: '10m',
      },
    ],
    [
      volume('hostPath: {path: /a}, storageClassName: slow, claimRef: {namespace: "n", name: c}'),
      {
        NAME: 'v',
        CAPACITY: '1Gi',
        'ACCESS MODES': 'RWO',
        'RECLAIM POLICY': 'Retain',
        STATUS: 'Pending',
        CLAIM: 'n/c',
        STORAGECLASS: 'slow',
        VOLUMEATTRIBUTESCLASS: '<unset>',
        REASON: '',
        AGE: '10m',
      },
    ],
    [
      claim('storageClassName: slow'),
      {
        NAME: 'c',
        STATUS: 'Pending',
        VOLUME: '',
        CAPACITY: '',
        'ACCESS MODES': '',
        STORAGECLASS: 'slow',
        VOLUMEATTRIBUTESCLASS: '<unset>',
        AGE: '10m',
      },
    ],
  ])('of %s', (text, row) => {
    expect(Object.entries(printed(text))).toEqual(Object.entries(row));
  });
});
