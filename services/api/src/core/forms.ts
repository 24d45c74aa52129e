import type { Form, Registry } from '@gantry/model/registry.ts';
import { parseFieldSelector } from '@gantry/model/selectors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { AnyObject } from './stored-object.ts';

// Objects come and go in any form in which their kind is served; between the edges there is the stored one alone.

/** A decoded object in the form in which it is stored; may change the one that is given. */
export function storedForm(kinds: Registry, object: AnyObject): AnyObject {
  const { conversion } = kinds.formOf(object);
  return conversion === undefined ? object : (conversion.toStored(object) as AnyObject);
}

/** A stored object in a form. */
export function inForm({ conversion }: Pick<Form, 'conversion'>, object: AnyObject): AnyObject {
  return conversion === undefined ? object : (conversion.fromStored(object) as AnyObject);
}

/** A field selector with the names that the stored form has for fields. Throws BadRequest for a field that the form does not offer. */
export function storedFieldSelector({ conversion }: Pick<Form, 'conversion'>, text: string): string {
  const labels = conversion?.fieldLabels;
  if (labels === undefined || text.trim() === '') return text;
  return parseFieldSelector(text)
    .map(({ field, equal, value }) => {
      const isCommon = field === 'metadata.name' || field === 'metadata.namespace';
      const stored = isCommon ? field : Object.hasOwn(labels, field) ? labels[field] : undefined;
      if (stored === undefined) throw new GantryError('BadRequest', `field label not supported: ${field}`);
      return `${stored}${equal ? '=' : '!='}${value.replace(/[\\,=]/g, '\\$&')}`;
    })
    .join(',');
}
