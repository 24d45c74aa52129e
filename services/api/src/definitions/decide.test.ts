import type { CustomResourceDefinitionCondition as Condition } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { acceptNames, takenBy } from './names.ts';
import type { Outline } from './outline.ts';

const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
const condition = (type: string, status: string, reason: string, message = ''): Condition => {
  return { type, status, reason, message };
};
const accepted = condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found');
const established = condition('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted');

function outline(parts: Partial<Outline> = {}): Outline {
  return {
    name: 'widgets.example.com',
    uid: 'u',
    generation: 1,
    revision: 1,
    group: 'example.com',
    isNamespaced: true,
    names,
    acceptedNames: { plural: '', kind: '' },
    conditions: [],
    approval: '',
    hasBadBundle: false,
    schemaProblems: '',
    isEnding: false,
    ...parts,
  };
}

const nobody = takenBy([]);

describe('a definition', () => {
  test('gets its names first, and is established once they are told', () => {
    const first = decide(outline(), nobody, false);
    expect(first).toMatchObject({
      type: 'tell',
      change: { acceptedNames: names, conditions: [accepted, { type: 'Established', reason: 'Installing' }] },
    });
    const named = outline({ acceptedNames: names, conditions: [accepted] });
    expect(decide(named, nobody, false)).toMatchObject({ type: 'establish', change: { conditions: [established] } });
    const done = outline({ acceptedNames: names, conditions: [accepted, established] });
    expect(decide(done, nobody, false)).toEqual({ type: 'none' });
  });

  test('that is established stays so where its new names belong to others', () => {
    const wanted = { ...names, singular: 'gadget' };
    const known = outline({ names: wanted, acceptedNames: names, conditions: [accepted, established] });
    const step = decide(known, takenBy([names, { plural: 'gadgets', singular: 'gadget', kind: 'Gadget' }]), false);
    expect(step).toMatchObject({ change: { conditions: [{ type: 'NamesAccepted', reason: 'SingularConflict' }] } });
    expect(step).not.toHaveProperty('change.acceptedNames');
  });

  test('with certificates that cannot be used is not established', () => {
    const named = outline({ acceptedNames: names, conditions: [accepted], hasBadBundle: true });
    const step = decide(named, nobody, false);
    expect(step).toMatchObject({ change: { conditions: [{ status: 'False', reason: 'InvalidCABundle' }] } });
  });

  test('of a protected group tells of its approval', () => {
    const step = decide(outline({ group: 'x.k8s.io', approval: 'https://example.com' }), nobody, false);
    expect(step).toMatchObject({ change: { conditions: [{}, {}, { status: 'True', reason: 'ApprovedAnnotation' }] } });
  });

  test('forgets faults of its schemas that it has no more', () => {
    const conditions = [accepted, established, condition('NonStructuralSchema', 'True', 'Violations', 'x')];
    const known = outline({ acceptedNames: names, conditions });
    expect(decide(known, nobody, false)).toMatchObject({
      change: { conditions: [], forgotten: ['NonStructuralSchema'] },
    });
    expect(decide({ ...known, schemaProblems: 'x' }, nobody, false)).toEqual({ type: 'none' });
  });

  test('that ends is emptied, unless its objects are none of its own', () => {
    const ending = outline({ isEnding: true, acceptedNames: names, conditions: [accepted, established] });
    const told = condition(
      'Terminating',
      'True',
      'InstanceDeletionInProgress',
      'CustomResource deletion is in progress',
    );
    expect(decide(ending, nobody, false)).toMatchObject({ type: 'tell', change: { conditions: [told] } });
    expect(decide({ ...ending, conditions: [...ending.conditions, told] }, nobody, false)).toEqual({ type: 'empty' });
    expect(decide(ending, nobody, true)).toMatchObject({
      type: 'release',
      change: { conditions: [{ reason: 'OverlappingBuiltInResource' }] },
    });
    expect(decide(outline({ isEnding: true }), nobody, false)).toMatchObject({
      type: 'release',
      change: { conditions: [{ reason: 'NeverEstablished' }] },
    });
  });
});

test('names of others are refused one by one, and all short names together', () => {
  const others = takenBy([{ plural: 'widgets', shortNames: ['w', 'x'], kind: 'Widget' }]);
  const wanted = { ...names, plural: 'gadgets', shortNames: ['w', 'x', 'y'] };
  expect(acceptNames(wanted, { plural: '', kind: '' }, others)).toEqual({
    names: { plural: 'gadgets', singular: 'widget', kind: '', listKind: 'WidgetList' },
    conflict: { reason: 'KindConflict', message: '"Widget" is already in use' },
  });
  expect(acceptNames({ ...wanted, kind: 'Gadget' }, { plural: '', kind: '' }, others).conflict).toEqual({
    reason: 'ShortNamesConflict',
    message: '["w" is already in use, "x" is already in use]',
  });
});
