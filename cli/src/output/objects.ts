import type { KubeObject } from '@gantry/model/kind.ts';

/** Formats that objects are printed in; raw is the stored text of named objects, which may be damaged. */
export const outputFormats = ['table', 'wide', 'yaml', 'json', 'name', 'raw'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Objects as YAML or JSON: one as itself, several as a List. */
export async function formatObjects(
  format: 'yaml' | 'json',
  objects: readonly KubeObject[],
  asList: boolean,
): Promise<string> {
  const items = objects.map(withoutManagers);
  const value = asList ? { apiVersion: 'v1', kind: 'List', metadata: {}, items } : items[0];
  if (format === 'json') return `${JSON.stringify(value, null, 4)}\n`;
  const { formatYaml } = await import('./yaml.ts');
  return formatYaml(value);
}

/** Owners of fields are for programs: like kubectl, `get` does not show them. */
function withoutManagers(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return object.metadata === undefined ? object : { ...object, metadata: metadata as KubeObject['metadata'] };
}

/** `deployment.apps/web`, as kubectl names objects in messages. */
export function objectLabel(object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>): string {
  const group = object.apiVersion.includes('/') ? `.${object.apiVersion.split('/')[0]}` : '';
  return `${object.kind.toLowerCase()}${group}/${object.metadata.name}`;
}
