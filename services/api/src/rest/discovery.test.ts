import { genericKindOf } from '@gantry/model/built-in.ts';
import { kindOfDefinition } from '@gantry/model/custom/kind.ts';
import { widgets } from '@gantry/model/custom/testing.ts';
import { Registry } from '@gantry/model/registry.ts';
import { expect, it } from 'vitest';
import { plainJson } from './accept.ts';
import { discoveryAt, groupsOf } from './discovery.ts';

/** No other servers. */
const nobodyElse = { placeOf: () => ({ group: 1, version: 1 }), remotes: [] };

it('objects of a definition that ends can be read and deleted, and no more', () => {
  const definition = widgets({ v1: {} });
  const verbsOf = (): readonly string[] => {
    const { forms } = new Registry([kindOfDefinition(definition)!]);
    const list = discoveryAt('/apis/example.com/v1', groupsOf(forms, nobodyElse), plainJson, 'here:1');
    return (list as { resources: { verbs: string[] }[] }).resources[0]!.verbs;
  };
  expect(verbsOf()).toContain('create');
  definition.status!.conditions = [{ type: 'Terminating', status: 'True' }];
  expect(verbsOf()).toEqual(['delete', 'deletecollection', 'get', 'list', 'watch']);
});

it('namespaces are deleted one by one, as in Kubernetes', () => {
  const kinds = [genericKindOf('Namespace'), genericKindOf('Service')];
  const list = discoveryAt('/api/v1', groupsOf(new Registry(kinds).forms, nobodyElse), plainJson, 'here:1');
  const { resources } = list as { resources: { name: string; verbs: string[] }[] };
  const listed = resources.filter(({ verbs }) => verbs.includes('deletecollection')).map(({ name }) => name);
  expect(listed).toEqual(['services']);
});
