import { describe, expect, it } from 'vitest';
import { decodeManifest } from '../../decode.ts';
import type { Deployment, ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import type { Pod, PodSpec } from '../../gen/gantry.core.v1.ts';
import { deployment } from '../deployment/deployment.ts';
import { replicaSet } from '../replicaset/replicaset.ts';
import { pod } from './pod.ts';

const podOf = (spec: string): Pod =>
  decodeManifest(`{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}, spec: ${spec}}`) as Pod;

function defaulted(spec: string): PodSpec {
  const object = podOf(spec);
  pod.setDefaults(object);
  return object.spec;
}

describe('defaults of pods', () => {
  it('fills a bare pod', () => {
    expect(defaulted('{containers: [{name: c, image: nginx}]}')).toEqual({
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      securityContext: {},
      enableServiceLinks: true,
      serviceAccountName: 'default',
      serviceAccount: 'default',
      containers: [
        {
          name: 'c',
          image: 'nginx',
          imagePullPolicy: 'Always',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          resources: {},
        },
      ],
    });
  });

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    ['registry.example:5000/nginx', 'Always'],
    ['registry.example:5000/nginx:1', 'IfNotPresent'],
    [`nginx@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
    [`nginx:latest@sha256:${'a'.repeat(64)}`, 'Always'],
    ['<YOUR-IMAGE>', 'IfNotPresent'],
  ])('pulls %s %s', (image, policy) => {
    expect(defaulted(`{containers: [{name: c, image: "${image}"}]}`).containers[0]!.imagePullPolicy).toBe(policy);
  });

  it('asks for what is limited, but leaves requests alone', () => {
    const { containers } = defaulted(
      '{containers: [{name: c, image: i, resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 100m}}}]}',
    );
    expect(containers[0]!.resources!.requests).toEqual({ cpu: '100m', memory: '1Gi' });
  });

  it('completes ports, probes, hooks, fields and volumes', () => {
    const spec = defaulted(`{hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 80}],
      env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}],
      livenessProbe: {httpGet: {port: 80}, periodSeconds: 0}, readinessProbe: {grpc: {port: 1}},
      lifecycle: {preStop: {httpGet: {port: 80}}}}],
      volumes: [{name: e}, {name: s, secret: {secretName: s}}, {name: m, configMap: {name: m, defaultMode: 0}},
        {name: h, hostPath: {path: /x}}, {name: p, projected: {sources: [{serviceAccountToken: {path: t}}]}}]}`);
    const [container] = spec.containers;
    expect(container!.ports).toEqual([{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
    expect(container!.env![0]!.valueFrom!.fieldRef!.apiVersion).toBe('v1');
    expect(container!.livenessProbe).toEqual({
      httpGet: { port: 80, path: '/', scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
    expect(container!.readinessProbe!.grpc).toEqual({ port: 1, service: '' });
    expect(container!.lifecycle!.preStop!.httpGet).toMatchObject({ scheme: 'HTTP' });
    expect(spec.volumes).toEqual([
      { name: 'e', emptyDir: {} },
      { name: 's', secret: { secretName: 's', defaultMode: 0o644 } },
      { name: 'm', configMap: { name: 'm', defaultMode: 0 } },
      { name: 'h', hostPath: { path: '/x', type: '' } },
      {
        name: 'p',
        projected: { defaultMode: 0o644, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] },
      },
    ]);
  });

  it('changes nothing the second time', () => {
    const object = podOf('{containers: [{name: c, image: i, resources: {limits: {cpu: 1}}}], volumes: [{name: v}]}');
    pod.setDefaults(object);
    const once = structuredClone(object);
    pod.setDefaults(object);
    expect(object).toEqual(once);
  });
});

describe('preparing pods', () => {
  it('drops a given status', () => {
    const object = { ...podOf('{containers: [{name: c, image: i}]}'), status: { phase: 'Running' } };
    pod.prepareForCreate!(object);
    expect(object.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  });

  it.each([
    ['{}', 'BestEffort'],
    ['{requests: {cpu: 1}}', 'Burstable'],
    ['{limits: {cpu: 1, memory: 1Gi}}', 'Guaranteed'],
    ['{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}}', 'Burstable'],
    ['{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1000m, memory: 1024Mi}}', 'Guaranteed'],
  ])('classes resources %s as %s', (resources, qosClass) => {
    const object = podOf(`{containers: [{name: c, image: i, resources: ${resources}}]}`);
    pod.prepareForCreate!(object);
    expect(object.status!.qosClass).toBe(qosClass);
  });
});

describe('defaults of what makes pods', () => {
  const template =
    'template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i, resources: {limits: {cpu: 1}}}]}}';
  const of = (kind: string, spec: string): unknown =>
    decodeManifest(
      `{apiVersion: apps/v1, kind: ${kind}, metadata: {name: a}, spec: {selector: {matchLabels: {a: b}}, ${template}, ${spec}}}`,
    );

  it('rolls a Deployment in steps of a quarter', () => {
    const object = of('Deployment', 'paused: false') as Deployment;
    deployment.setDefaults(object);
    expect(object.spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      template: { spec: { restartPolicy: 'Always' } },
    });
    expect(object.spec.template.spec.containers[0]!.resources).not.toHaveProperty('requests');
  });

  it('keeps zeros', () => {
    const object = of(
      'Deployment',
      'replicas: 0, revisionHistoryLimit: 0, strategy: {rollingUpdate: {maxSurge: 0}}',
    ) as Deployment;
    deployment.setDefaults(object);
    expect(object.spec).toMatchObject({
      replicas: 0,
      revisionHistoryLimit: 0,
      strategy: { rollingUpdate: { maxSurge: 0 } },
    });
    const recreating = of('Deployment', 'strategy: {type: Recreate}') as Deployment;
    deployment.setDefaults(recreating);
    expect(recreating.spec.strategy).toEqual({ type: 'Recreate' });
  });

  it('leaves a ReplicaSet without labels as it is', () => {
    const object = of('ReplicaSet', 'minReadySeconds: 1') as ReplicaSet;
    replicaSet.setDefaults(object);
    expect(object.spec.replicas).toBe(1);
    expect(object.metadata).not.toHaveProperty('labels');
  });
});
