/** Remarks on definitions that are no refusal. */

import { formatTest } from '../../custom/formats.ts';
import type { CustomResourceDefinition, JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';
import { itemsOf, someSchemaOf } from './schemas.ts';

const numberFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};

/** Remarks on a definition: formats that nobody checks, and sets whose entries cannot be told apart. */
export function warningsOf({ spec }: CustomResourceDefinition): string[] {
  const formats: string[] = [];
  const sets = new Set<string>();
  someSchemaOf(spec, (schema) => {
    if (schema.format && !isKnownFormat(schema)) formats.push(schema.format);
    const itemType = itemsOf(schema)?.type ?? '';
    if (schema['x-kubernetes-list-type'] === 'set' && ['object', 'array'].includes(itemType)) sets.add(itemType);
    return false;
  });
  return [
    ...formats.map((format) => `unrecognized format ${JSON.stringify(format)}`),
    ...[...sets]
      .sort()
      .map(
        (type) =>
          `x-kubernetes-list-type: set for items of type "${type}" is not supported by server-side apply or CEL validation rules`,
      ),
  ];
}

function isKnownFormat({ type = '', format = '' }: JSONSchemaProps): boolean {
  if (type === '' || type === 'string') return formatTest(format) !== undefined;
  return numberFormats[type]?.includes(format) ?? false;
}
