import type { APIService } from '@gantry/model/gen/gantry.apiregistration.v1.ts';
import { describe, expect, test } from 'vitest';
import { planRegistration, type RegistrationState } from './registration.ts';

const label = 'kube-aggregator.kubernetes.io/automanaged';
const apps = { group: 'apps', version: 'v1' };
const custom = { group: 'example.com', version: 'v1' };
const state = (more: Partial<RegistrationState>): RegistrationState => {
  return { stored: [], builtIn: [apps], custom: [custom], isStart: false, ...more };
};
const namesOf = (services: readonly APIService[]): string[] => services.map(({ metadata }) => metadata.name ?? '');
const made = (): APIService[] => [...planRegistration(state({ isStart: true })).create];
const none = { create: [], update: [], remove: [] };

describe('the services of versions that the api itself serves', () => {
  test('are made at a start, and then nothing is left to do', () => {
    expect(made()).toMatchObject([
      { metadata: { name: 'v1.example.com', labels: { [label]: 'true' } }, spec: { groupPriorityMinimum: 1_000 } },
      { metadata: { name: 'v1.apps', labels: { [label]: 'onstart' } }, spec: { groupPriorityMinimum: 17_800 } },
    ]);
    expect(planRegistration(state({ stored: made(), isStart: true }))).toEqual(none);
    expect(planRegistration(state({ stored: made() }))).toEqual(none);
  });

  test('that are built in stay away until the next start where somebody removes them, others come back', () => {
    expect(namesOf(planRegistration(state({})).create)).toEqual(['v1.example.com']);
    expect(namesOf(planRegistration(state({ isStart: true })).create)).toEqual(['v1.example.com', 'v1.apps']);
  });

  test('go with their versions: those of definitions at once, those of built-in kinds at a start', () => {
    const stored = made();
    expect(namesOf(planRegistration(state({ stored, custom: [] })).remove)).toEqual(['v1.example.com']);
    expect(namesOf(planRegistration(state({ stored, builtIn: [] })).remove)).toEqual([]);
    expect(namesOf(planRegistration(state({ stored, builtIn: [], isStart: true })).remove)).toEqual(['v1.apps']);
  });

  test('are brought up to date', () => {
    const stored = made().map((each) => ({ ...each, spec: { ...each.spec!, versionPriority: 3 } }));
    expect(planRegistration(state({ stored, isStart: true })).update).toMatchObject([
      { metadata: { name: 'v1.example.com' }, spec: { versionPriority: 100 } },
      { metadata: { name: 'v1.apps' }, spec: { versionPriority: 15 } },
    ]);
    expect(namesOf(planRegistration(state({ stored })).update)).toEqual(['v1.example.com']);
  });
});

test("a service without the label is somebody else's", () => {
  const stored = made().map((each) => {
    const service = { namespace: 'a', name: 'b' };
    return { ...each, metadata: { name: each.metadata.name! }, spec: { ...each.spec!, service } };
  });
  expect(planRegistration(state({ stored, isStart: true }))).toEqual(none);
  expect(planRegistration(state({ stored, custom: [], builtIn: [], isStart: true }))).toEqual(none);
});

test('there is none for the group of API services', () => {
  const builtIn = [{ group: 'apiregistration.k8s.io', version: 'v1' }];
  expect(planRegistration(state({ builtIn, custom: [], isStart: true }))).toEqual(none);
});
