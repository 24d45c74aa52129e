import type { ServedResource } from '@gantry/client/api.ts';
import { printedColumns } from '@gantry/model/columns.ts';
import { widgets } from '@gantry/model/custom/testing.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { servedKind, servedKinds } from './served-kinds.ts';
import { targetsOf } from './targets.ts';

const resource: ServedResource = {
  resource: 'widgets.example.com',
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  singular: 'widget',
  shortNames: ['wd'],
  namespaced: true,
  verbs: [],
  categories: [],
  versions: ['v1', 'v1beta1'],
};
const definition = widgets({
  v1: { additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }] },
});

/** An api with one resource of a definition. @param problem Answer of reading the definition in its place. */
function asking(problem?: GantryError) {
  const client = {
    get: async () => {
      if (problem !== undefined) throw problem;
      return definition;
    },
    watchResources: async function* () {
      yield { resources: [resource], unknown: [] };
      throw new Error('one look is enough');
    },
  };
  return { client: client as never, signal: new AbortController().signal };
}

describe('kinds that the program was not built with', () => {
  it('are found by all of their names, with the columns of their definition', async () => {
    const found = await servedKinds(asking(), ['widgets', 'Widget', 'wd', 'widgets.example.com', 'gadgets']);
    expect([...found.keys()]).toEqual(['widgets', 'Widget', 'wd', 'widgets.example.com']);
    expect(printedColumns(found.get('wd')!, false).map(({ name }) => name)).toEqual(['Name', 'Size']);
  });

  it('are found by the type of a manifest, in any version', async () => {
    const kind = await servedKind(asking(), { apiVersion: 'example.com/v1beta1', kind: 'Widget' });
    expect(kind?.plural).toBe('widgets');
    expect(await servedKind(asking(), { apiVersion: 'example.com/v9', kind: 'Widget' })).toBeUndefined();
  });

  it('are printed by name and age where the definition may not be read, or there is none', async () => {
    for (const reason of ['Forbidden', 'NotFound'] as const) {
      const kinds = await servedKinds(asking(new GantryError(reason, 'no')), ['widgets']);
      expect(printedColumns(kinds.get('widgets')!, true).map(({ name }) => name)).toEqual(['NAME', 'AGE']);
    }
    const broken = asking(new GantryError('ServiceUnavailable', 'no answer'));
    await expect(servedKinds(broken, ['widgets'])).rejects.toThrow('no answer');
  });

  it('stand beside built-in ones in the arguments of a command', async () => {
    expect(await targetsOf(asking(), ['pods,wd', 'a'])).toMatchObject([
      { kind: 'Pod', names: ['a'] },
      { kind: 'widgets.example.com', type: { kind: 'Widget' }, names: ['a'] },
    ]);
    expect(await targetsOf(asking(), ['widget/a', 'deploy/b'])).toMatchObject([
      { kind: 'widgets.example.com', names: ['a'] },
      { kind: 'Deployment', names: ['b'] },
    ]);
    await expect(targetsOf(asking(), ['gadgets'])).rejects.toThrow(`doesn't have a resource type "gadgets"`);
  });
});
