import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../gen/gantry.apiextensions.v1.ts';
import type { Kind } from '../kind.ts';
import { type CustomKindOptions, kindOfDefinition } from './kind.ts';

/** A definition of widgets for tests. @param versions Parts of versions; the first one is stored. */
export function widgets(
  versions: Record<string, Partial<CustomResourceDefinitionVersion>>,
  spec: Partial<CustomResourceDefinition['spec']> = {},
): CustomResourceDefinition {
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com', uid: 'u' },
    spec: {
      group: 'example.com',
      names,
      scope: 'Namespaced',
      versions: Object.entries(versions).map(([name, version], index) => ({
        name,
        served: true,
        storage: index === 0,
        ...version,
      })),
      ...spec,
    },
    status: { conditions: [], acceptedNames: names, storedVersions: [] },
  };
}

/** The kind of widgets whose spec has a schema. */
export function widgetOf(
  spec: JSONSchemaProps,
  version: Partial<CustomResourceDefinitionVersion> = {},
  options: CustomKindOptions = {},
): Kind {
  const openAPIV3Schema: JSONSchemaProps = {
    type: 'object',
    properties: { spec, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  };
  return kindOfDefinition(widgets({ v1: { schema: { openAPIV3Schema }, ...version } }), options)!;
}
