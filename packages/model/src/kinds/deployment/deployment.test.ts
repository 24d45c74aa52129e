import { describe, expect, it } from 'vitest';
import { decodeManifest } from '../../decode.ts';
import type { Deployment, ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import { replicaSet } from '../replicaset/replicaset.ts';
import { deployment } from './deployment.ts';

const selector = 'selector: {matchLabels: {a: b}}';
const template = 'template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}';

function deploymentOf(spec: string): Deployment {
  const text = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, namespace: d}, spec: {${spec}}}`;
  const object = decodeManifest(text) as Deployment;
  deployment.setDefaults(object);
  return object;
}

function replicaSetOf(spec: string): ReplicaSet {
  const text = `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: x, namespace: d}, spec: {${spec}}}`;
  const object = decodeManifest(text) as ReplicaSet;
  replicaSet.setDefaults(object);
  return object;
}

const texts = (causes: readonly { field: string; message: string }[]): string =>
  causes.map(({ field, message }) => `${field}: ${message}`).join('\n');

describe('Deployments', () => {
  it.each([
    [''],
    ['replicas: 0'],
    ['strategy: {type: Recreate}'],
    ['strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}'],
    ['strategy: {rollingUpdate: {maxSurge: 150%, maxUnavailable: 100%}}'],
    ['minReadySeconds: 599'],
  ])('may have %s', (spec) => {
    expect(texts(deployment.validate(deploymentOf(`${selector}, ${template}, ${spec}`)))).toBe('');
  });

  it.each([
    ['replicas: -1', 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ['minReadySeconds: -1', 'spec.minReadySeconds: Invalid value: -1'],
    ['minReadySeconds: 600', 'spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
    ['revisionHistoryLimit: -1', 'spec.revisionHistoryLimit: Invalid value: -1'],
    ['strategy: {type: Big}', 'spec.strategy: Unsupported value: "Big": supported values: "Recreate", "RollingUpdate"'],
    [
      'strategy: {type: Recreate, rollingUpdate: {}}',
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ],
    [
      'strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}',
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    ],
    ['strategy: {rollingUpdate: {maxUnavailable: 101%}}', 'must not be greater than 100%'],
    ['strategy: {rollingUpdate: {maxSurge: x}}', 'maxSurge: Invalid value: "x": a valid percent string must be'],
    ['strategy: {rollingUpdate: {maxSurge: -1}}', 'maxSurge: Invalid value: -1: must be greater than or equal to 0'],
  ])('may not have %s', (spec, problem) => {
    expect(texts(deployment.validate(deploymentOf(`${selector}, ${template}, ${spec}`)))).toContain(problem);
  });

  it.each([
    [`selector: {}, ${template}`, 'spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
    [
      `selector: {matchLabels: {a: c}}, ${template}`,
      'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    ],
    [
      `${selector}, template: {spec: {containers: [{name: c, image: i}]}}`,
      '`selector` does not match template `labels`',
    ],
    [`selector: {matchLabels: {a: "-"}}, ${template}`, 'spec.selector.matchLabels: Invalid value: "-"'],
    [
      `${selector}, template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, containers: [{name: C, image: i}]}}`,
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      `${selector}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: C, image: i}]}}`,
      'spec.template.spec.containers[0].name: Invalid value: "C"',
    ],
    [
      `${selector}, template: {metadata: {labels: {a: b, "x y": z}}, spec: {containers: [{name: c, image: i}]}}`,
      'spec.template.metadata.labels: Invalid value: "x y"',
    ],
  ])('may not be {%s}', (spec, problem) => {
    expect(texts(deployment.validate(deploymentOf(spec)))).toContain(problem);
  });

  it('keep their selector', () => {
    const stored = deploymentOf(`${selector}, ${template}`);
    const changed = deploymentOf(`selector: {matchLabels: {a: c}}, ${template}`);
    expect(texts(deployment.validateUpdate!(changed, stored))).toBe(
      'spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable',
    );
    expect(deployment.validateUpdate!(deploymentOf(`replicas: 5, ${selector}, ${template}`), stored)).toEqual([]);
  });

  it('print how far they are', () => {
    const object = deploymentOf(`replicas: 3, ${selector}, ${template}`);
    object.status = { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 };
    expect(deployment.columns.map(({ name, wide = false, cell }) => [name, wide, cell(object, 0)])).toEqual([
      ['READY', false, '1/3'],
      ['UP-TO-DATE', false, '2'],
      ['AVAILABLE', false, '1'],
      ['CONTAINERS', true, 'c'],
      ['IMAGES', true, 'i'],
      ['SELECTOR', true, 'a=b'],
    ]);
  });
});

describe('ReplicaSets', () => {
  it.each([
    [`replicas: -1, ${selector}, ${template}`, 'spec.replicas: Invalid value: -1'],
    [`minReadySeconds: -1, ${selector}, ${template}`, 'spec.minReadySeconds: Invalid value: -1'],
    [`selector: {}, ${template}`, 'empty selector is invalid for deployment'],
    [
      `${selector}, template: {metadata: {labels: {a: b}}, spec: {activeDeadlineSeconds: 5, containers: [{name: c, image: i}]}}`,
      'activeDeadlineSeconds in ReplicaSet is not Supported',
    ],
  ])('may not be {%s}', (spec, problem) => {
    expect(texts(replicaSet.validate(replicaSetOf(spec)))).toContain(problem);
  });

  it('print their pods', () => {
    const object = replicaSetOf(`replicas: 3, ${selector}, ${template}`);
    object.status = { replicas: 2, readyReplicas: 1 };
    const shown = replicaSet.columns.filter(({ wide }) => !wide).map(({ name, cell }) => [name, cell(object, 0)]);
    expect(shown).toEqual([
      ['DESIRED', '3'],
      ['CURRENT', '2'],
      ['READY', '1'],
    ]);
  });
});

it('prints selectors as they are typed', () => {
  const expressions =
    '[{key: z, operator: In, values: [b, a]}, {key: c, operator: NotIn, values: [d]}, {key: e, operator: Exists}, {key: f, operator: DoesNotExist}]';
  const object = deploymentOf(`selector: {matchLabels: {a: b}, matchExpressions: ${expressions}}, ${template}`);
  const { cell } = deployment.columns.find(({ name }) => name === 'SELECTOR')!;
  expect(cell(object, 0)).toBe('a=b,c notin (d),e,!f,z in (a,b)');
});
