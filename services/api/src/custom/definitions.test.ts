import { Registry } from '@gantry/model/registry.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { describe, expect, test } from 'vitest';
import { Stored } from '../core/stored-object.ts';
import { ServedDefinitions } from './definitions.ts';

/** A definition as the store has it. */
function stored(plural: string, parts: { schema?: object; condition?: string; label?: string } = {}): Stored {
  const { schema = { type: 'object' }, condition = 'NamesAccepted', label = '' } = parts;
  const names = { plural, kind: plural.toUpperCase(), singular: plural, listKind: `${plural}List` };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com`, labels: { label } },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
    status: { acceptedNames: names, conditions: [{ type: condition, status: 'True' }], storedVersions: ['v1'] },
  };
  const key = `customresourcedefinitions.apiextensions.k8s.io/_/${plural}.example.com`;
  return new Stored({ key, value: JSON.stringify(definition), revision: 1 });
}

function served(): { readonly registry: Registry; readonly definitions: ServedDefinitions; readonly errors: string[] } {
  const registry = new Registry([]);
  const errors: string[] = [];
  const log: Logger = { ...silentLogger, error: (fields: unknown) => void errors.push(JSON.stringify(fields)) };
  return { registry, errors, definitions: new ServedDefinitions(registry, () => ({}), log) };
}

describe('kinds of definitions', () => {
  test('are served once the definition has its names', () => {
    const { registry, definitions } = served();
    definitions.onEntry(stored('as', { condition: 'NonStructuralSchema' }));
    definitions.onEntry(stored('bs'));
    expect(registry.kinds.map(({ plural }) => plural)).toEqual(['bs']);
  });

  test('stay the same through changes that they do not go by', () => {
    const { registry, definitions } = served();
    definitions.onEntry(stored('as'));
    const [kind] = registry.kinds;
    definitions.onEntry(stored('as', { label: 'other', condition: 'Established' }));
    expect(registry.kinds[0]).toBe(kind);
    definitions.onEntry(stored('as', { schema: { type: 'object', description: 'other' } }));
    expect(registry.kinds[0]).not.toBe(kind);
  });

  test('survive a reload of the state, but for those whose definition is gone', () => {
    const { registry, definitions } = served();
    definitions.onEntry(stored('as'));
    definitions.onEntry(stored('bs'));
    const [, kind] = registry.kinds;
    definitions.reset();
    definitions.onEntry(stored('bs'));
    definitions.loaded();
    expect(registry.kinds).toEqual([kind]);
  });

  test('are served beside definitions that make no sense, which the log tells of', () => {
    const { registry, definitions, errors } = served();
    definitions.onEntry(stored('as', { schema: { type: 'object', properties: { a: { type: 'nonsense' } } } }));
    definitions.onEntry(stored('bs'));
    expect(registry.kinds.map(({ plural }) => plural)).toEqual(['bs']);
    expect(errors).toEqual([expect.stringContaining('as.example.com')]);
  });
});
