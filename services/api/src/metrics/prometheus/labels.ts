import type { Kind } from '@gantry/model/kind.ts';
import type { Registry } from '@gantry/model/registry.ts';
import { invalid } from './invalid.ts';
import { labelPattern } from './matchers.ts';

/** The part of a kind that rules name. */
type NamedKind = Pick<Kind, 'group' | 'plural' | 'singular'>;

/** Labels of series that name objects. */
export interface ResourceLabels {
  /** The label that names objects of a kind; undefined where none does. */
  of(kind: NamedKind): string | undefined;
  /** The kinds whose objects labels name. */
  byLabel(kinds: Registry): ReadonlyMap<string, Kind>;
}

/** A resource as rules name it: its group, and its plural or singular name. */
interface Resource {
  readonly group: string;
  readonly word: string;
}

/** Reads a rule's overrides and template, such as `kube_<<.Group>>_<<.Resource>>`. Throws Invalid, naming the field. */
export function compileLabels(
  template: string,
  overrides: Readonly<Record<string, unknown>>,
  path: string,
): ResourceLabels {
  const named = new Map(
    Object.entries(overrides).map(([label, value]) => {
      if (!labelPattern.test(label))
        throw invalid(`${path}.overrides`, `${JSON.stringify(label)} is no name of a label`);
      return [label, resourceIn(value, `${path}.overrides.${label}`)] as const;
    }),
  );
  checkTemplate(template, `${path}.template`);
  const overrideOf = (kind: NamedKind): string | undefined =>
    [...named].find(([, resource]) => isNamed(kind, resource))?.[0];
  return {
    of: (kind) => overrideOf(kind) ?? (template === '' ? undefined : filled(template, kind.group, kind.singular)),
    byLabel: ({ kinds }) => {
      const byTemplate = kinds.flatMap((kind) =>
        template === ''
          ? []
          : [kind.singular, kind.plural].map((word) => [filled(template, kind.group, word), kind] as const),
      );
      const byOverride = [...named].flatMap(([label, resource]) => {
        const kind = kinds.find((each) => isNamed(each, resource));
        return kind === undefined ? [] : [[label, kind] as const];
      });
      return new Map([...byTemplate, ...byOverride]);
    },
  };
}

const groupForm = /<<\s*\.Group\s*>>/g;
const resourceForm = /<<\s*\.Resource\s*>>/g;

function resourceIn(value: unknown, path: string): Resource {
  const { group = '', resource, ...rest } = (value ?? {}) as { group?: unknown; resource?: unknown };
  if (Object.keys(rest).length > 0) throw invalid(path, `has the unknown field ${Object.keys(rest)[0]}`);
  if (typeof group !== 'string' || typeof resource !== 'string' || resource === '') {
    throw invalid(path, 'must have a group and a resource, which are texts');
  }
  return { group, word: resource };
}

function checkTemplate(template: string, path: string): void {
  if (template === '') return;
  if ([...template.matchAll(resourceForm)].length !== 1 || [...template.matchAll(groupForm)].length > 1) {
    throw invalid(path, 'must have <<.Resource>> once, and <<.Group>> at most once');
  }
  const literal = template.replaceAll(groupForm, '').replaceAll(resourceForm, '');
  if (/[^a-zA-Z0-9_]/.test(literal)) throw invalid(path, 'has characters that no label has');
}

/** Groups have underscores in labels, where dots cannot be. */
function filled(template: string, group: string, word: string): string {
  return template.replaceAll(groupForm, () => group.replaceAll('.', '_')).replaceAll(resourceForm, () => word);
}

function isNamed({ group, plural, singular }: NamedKind, resource: Resource): boolean {
  return group === resource.group && (plural === resource.word || singular === resource.word);
}
