import type { Kind } from '@gantry/model/kind.ts';
import { type Form, resourceOf } from '@gantry/model/registry.ts';
import {
  compileFieldSelector,
  compileLabelSelector,
  parseFieldSelector,
  parseLabelSelector,
} from '@gantry/model/selectors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ReadForm, Selection } from '../watch/change.ts';
import { scopeOf } from '../watch/scope.ts';
import { damagedObject } from './damage.ts';
import { storedFieldSelector } from './forms.ts';
import { objectKey } from './keys.ts';
import type { Limits } from './limits.ts';
import type { AnyObject } from './stored-object.ts';

/** Longest name of a namespace: that of a DNS label is 63, that of any object 253. */
const maxNamespaceChars = 253;

/** The selection that a query's texts stand for. Throws BadRequest for selectors and namespaces that make no sense. */
export function selectionOf(
  form: Form,
  query: {
    readonly namespace: string;
    readonly labelSelector: string;
    readonly fieldSelector: string;
    readonly metadataOnly?: boolean | undefined;
  },
  limits: Pick<Limits, 'maxSelectorChars'>,
): Selection {
  const { namespace, labelSelector, metadataOnly } = query;
  const { kind } = form;
  for (const text of [labelSelector, query.fieldSelector]) {
    if (text.length > limits.maxSelectorChars) {
      throw new GantryError(
        'BadRequest',
        `a selector of ${text.length} characters, at most ${limits.maxSelectorChars}`,
      );
    }
  }
  if (namespace.length > maxNamespaceChars) {
    const message = `Too long: may not be more than ${maxNamespaceChars} characters`;
    throw new GantryError('BadRequest', `namespace: ${message}`, {
      causes: [{ reason: 'FieldValueTooLong', field: 'namespace', message }],
    });
  }
  const fieldSelector = storedFieldSelector(form, query.fieldSelector);
  const matchesLabels = compileLabelSelector(labelSelector);
  const matchesFields = compileFieldSelector(kind, fieldSelector);
  return {
    resource: resourceOf(kind),
    namespace,
    everything: labelSelector.trim() === '' && fieldSelector.trim() === '',
    scope: scopeOf(kind, namespace, fieldSelector),
    // A webhook may change labels.
    hints: kind.custom?.stored.asksWebhook && !metadataOnly ? [] : hintsOf(labelSelector, fieldSelector),
    ...(metadataOnly ? {} : formsOf(kind)),
    matches: (object) => {
      try {
        return matchesLabels(object.metadata.labels) && matchesFields(object);
      } catch (error) {
        throw damagedBy(kind, object, error);
      }
    },
  };
}

/** The form in which a definition's version shows objects. */
function formsOf({ custom }: Kind): Pick<Selection, 'form' | 'convert'> {
  if (custom === undefined) return {};
  const { read, readAll, asksWebhook } = custom.stored;
  return {
    form: read as unknown as ReadForm,
    ...(asksWebhook ? { convert: readAll as NonNullable<Selection['convert']> } : {}),
  };
}

/** A selector reads any sound object: one that makes it throw has a field of another type, or lacks one. */
function damagedBy(kind: Kind, { metadata }: AnyObject, cause: unknown): GantryError {
  const key = objectKey(kind, metadata.namespace, metadata.name);
  return damagedObject({ key, revision: Number(metadata.resourceVersion), value: '' }, cause);
}

/** Fields whose text is searched for before an object is decoded, with their names in the JSON. */
const hintedFields: Readonly<Record<string, string>> = {
  'metadata.name': 'name',
  'spec.nodeName': 'nodeName',
  'involvedObject.name': 'name',
  'involvedObject.uid': 'uid',
};

/**
 * Texts that every object that matches contains, for the selectors by which large lists are searched: labels, names and a
 * pod's node. Stored JSON has no blanks between a name and its value.
 */
function hintsOf(labelSelector: string, fieldSelector: string): string[] {
  const labels = parseLabelSelector(labelSelector).flatMap((requirement) =>
    requirement.operator === 'In' && requirement.values.length === 1
      ? [`${JSON.stringify(requirement.key)}:${JSON.stringify(requirement.values[0])}`]
      : [],
  );
  const fields = parseFieldSelector(fieldSelector).flatMap(({ field, equal, value }) => {
    const name = Object.hasOwn(hintedFields, field) ? hintedFields[field] : undefined;
    return name !== undefined && equal && value !== '' ? [`${JSON.stringify(name)}:${JSON.stringify(value)}`] : [];
  });
  return [...labels, ...fields];
}
