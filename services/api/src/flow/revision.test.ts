import type { FlowSchema, PriorityLevelConfiguration } from '@gantry/model/gen/gantry.flowcontrol.v1.ts';
import { expect, test } from 'vitest';
import { missingCondition, planBootstrap } from './revision.ts';

type FlowObject = FlowSchema | PriorityLevelConfiguration;

const annotation = 'apf.kubernetes.io/autoupdate-spec';
/** The objects as a first start leaves them. */
const made = (): FlowObject[] =>
  planBootstrap([]).create.map((object) => ({
    ...structuredClone(object),
    metadata: { ...object.metadata, generation: 1 },
  }));
const named = (objects: readonly FlowObject[], kind: string, name: string): FlowObject =>
  objects.find((object) => object.kind === kind && object.metadata.name === name)!;
const none = { create: [], update: [], remove: [] };

test('all are made at first, and then nothing is left to do', () => {
  const objects = made();
  expect(objects.map(({ kind }) => kind).filter((kind) => kind === 'FlowSchema')).toHaveLength(11);
  expect(objects).toHaveLength(19);
  expect(objects.every(({ metadata }) => metadata.annotations?.[annotation] === 'true')).toBe(true);
  expect(planBootstrap(objects)).toEqual(none);
});

test('a deleted one is made again', () => {
  const plan = planBootstrap(made().filter(({ metadata }) => metadata.name !== 'workload-low'));
  expect(plan.create.map(({ metadata }) => metadata.name)).toEqual(['workload-low']);
});

test('a suggested one stays as somebody made it, where the annotation says so or it was changed without one', () => {
  const objects = made();
  const schema = named(objects, 'FlowSchema', 'global-default') as FlowSchema;
  schema.spec!.matchingPrecedence = 9_000;
  expect(planBootstrap(objects).update).toMatchObject([
    { metadata: { name: 'global-default' }, spec: { matchingPrecedence: 9_900 } },
  ]);
  schema.metadata.annotations = { [annotation]: 'false' };
  expect(planBootstrap(objects)).toEqual(none);
  schema.metadata.annotations = {};
  schema.metadata.generation = 2;
  expect(planBootstrap(objects).update).toMatchObject([
    { metadata: { annotations: { [annotation]: 'false' } }, spec: { matchingPrecedence: 9_000 } },
  ]);
});

test('a mandatory one is as it must be, but for the shares of the exempt level', () => {
  const objects = made();
  const catchAll = named(objects, 'FlowSchema', 'catch-all') as FlowSchema;
  catchAll.spec!.matchingPrecedence = 9;
  catchAll.metadata.annotations = { [annotation]: 'false' };
  const exempt = named(objects, 'PriorityLevelConfiguration', 'exempt') as PriorityLevelConfiguration;
  exempt.spec!.exempt = { nominalConcurrencyShares: 5, lendablePercent: 10 };
  expect(planBootstrap(objects).update).toMatchObject([
    { metadata: { name: 'catch-all', annotations: { [annotation]: 'true' } }, spec: { matchingPrecedence: 10_000 } },
  ]);
});

test('one of another version goes, one of somebody else stays', () => {
  const of = (name: string, annotations?: Record<string, string>): FlowSchema => ({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name, ...(annotations && { annotations }) },
  });
  const plan = planBootstrap([
    ...made(),
    of('old', { [annotation]: 'true' }),
    of('kept', { [annotation]: 'false' }),
    of('own'),
  ]);
  expect(plan).toMatchObject({ create: [], update: [], remove: [{ metadata: { name: 'old' } }] });
});

test('a schema says whether its level exists', () => {
  const schema = named(made(), 'FlowSchema', 'global-default') as FlowSchema;
  const found = missingCondition(schema, new Set(['global-default']));
  const text = 'This FlowSchema references the PriorityLevelConfiguration object named "global-default"';
  expect(found).toEqual({ type: 'Dangling', status: 'False', reason: 'Found', message: `${text} and it exists` });
  schema.status = { conditions: [{ ...found!, lastTransitionTime: '2026-01-01T00:00:00Z' }] };
  expect(missingCondition(schema, new Set(['global-default']))).toBeUndefined();
  expect(missingCondition(schema, new Set())).toEqual({
    type: 'Dangling',
    status: 'True',
    reason: 'NotFound',
    message: `${text} but there is no such object`,
  });
});
