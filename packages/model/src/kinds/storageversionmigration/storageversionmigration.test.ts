import { describe, expect, it } from 'vitest';
import type { StorageVersionMigration } from '../../gen/gantry.storagemigration.v1.ts';
import { storageVersionMigration as kind } from './storageversionmigration.ts';

const migration = (types: readonly string[], resourceVersion = '5'): StorageVersionMigration => ({
  apiVersion: 'storagemigration.k8s.io/v1',
  kind: 'StorageVersionMigration',
  metadata: { name: 'm' },
  spec: { resource: { group: 'example.com', resource: 'widgets' } },
  status: {
    resourceVersion,
    conditions: types.map((type) => ({
      ...{ type, status: 'True', reason: 'Reason', message: 'said' },
      lastTransitionTime: '2026-01-01T00:00:00Z',
    })),
  },
});

describe('StorageVersionMigration', () => {
  it('names a resource, which stays', () => {
    const sound = migration([]);
    expect(kind.validate(sound)).toEqual([]);
    const bare = { ...sound, spec: { resource: { group: '', resource: '' } } };
    expect(kind.validate(bare)).toMatchObject([
      { field: 'spec.resource.resource', message: expect.stringContaining('is required to be set') },
    ]);
    const odd = { ...sound, spec: { resource: { group: 'A_B', resource: 'Widgets' } } };
    expect(kind.validate(odd).map(({ field }) => field)).toEqual(['spec.resource.resource', 'spec.resource.group']);
    expect(kind.validateUpdate!(odd, sound)).toMatchObject([{ field: 'spec' }]);
    expect(kind.validateUpdate!(sound, sound)).toEqual([]);
  });

  it('ends once, in one way, and begins once', () => {
    const messages = (now: StorageVersionMigration, before: StorageVersionMigration): string[] =>
      kind.validateStatus!(now, before).map(({ message }) => message);
    expect(messages(migration(['Running', 'Succeeded']), migration(['Running']))).toEqual([]);
    expect(messages(migration(['Succeeded', 'Failed']), migration([]))[0]).toContain('cannot be true at the same time');
    expect(messages(migration([]), migration(['Succeeded']))[0]).toContain('Success condition cannot be set to false');
    expect(messages(migration([]), migration(['Failed']))[0]).toContain('Failed condition cannot be set to false');
    expect(messages(migration([], '6'), migration([]))[0]).toContain('field is immutable');
  });

  it('prints its resource and how far it is', () => {
    const [resource, status] = kind.columns;
    const cells = (types: readonly string[]) => [resource, status].map((column) => column!.cell(migration(types), 0));
    expect(cells(['Running', 'Succeeded'])).toEqual(['widgets.example.com', 'Succeeded']);
    expect(cells([])[1]).toBe('Unknown');
  });
});
