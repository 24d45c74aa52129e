/** Printed columns of a definition. */
import { formatAge } from '../age.ts';
import { isTimestamp } from '../forms.ts';
import type { CustomResourceColumnDefinition } from '../gen/gantry.apiextensions.v1.ts';
import type { Column, KubeObject } from '../kind.ts';
import { compileJsonPath, type FindValues } from './json-path.ts';

/** The only column of a definition that names none, beside the name. */
const ageAlone: readonly CustomResourceColumnDefinition[] = [
  {
    name: 'Age',
    type: 'date',
    description:
      'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
    jsonPath: '.metadata.creationTimestamp',
  },
];

const nameColumn: Column<KubeObject> = {
  name: 'Name',
  definition: {
    type: 'string',
    format: 'name',
    description:
      'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  },
  cell: ({ metadata }) => metadata.name,
};

/** All columns that are printed of a version's objects, the name first. A column whose path makes no sense is left out, and all behind it. */
export function columnsOf(given: readonly CustomResourceColumnDefinition[] | undefined): readonly Column<KubeObject>[] {
  const columns: Column<KubeObject>[] = [nameColumn];
  for (const column of given === undefined || given.length === 0 ? ageAlone : given) {
    const find = compiled(column.jsonPath);
    if (find === undefined) break;
    columns.push(columnOf(column, find));
  }
  return columns;
}

function compiled(path: string): FindValues | undefined {
  try {
    return compileJsonPath(path);
  } catch {
    return undefined;
  }
}

function columnOf(column: CustomResourceColumnDefinition, find: FindValues): Column<KubeObject> {
  const { name, type, format = '', priority = 0, jsonPath } = column;
  const description = column.description || `Custom resource definition column (in JSONPath format): ${jsonPath}`;
  const value = (object: KubeObject, nowMs: number): CellValue => cellOf(type, first(find, object), nowMs);
  return {
    name,
    wide: priority > 0,
    definition: { type, format, description, priority },
    value,
    cell: (object, nowMs) => {
      const found = value(object, nowMs);
      return found === null ? '' : String(found);
    },
  };
}

/** The first value at a path; undefined where there is none, or where the path does not fit the object. */
function first(find: FindValues, object: KubeObject): unknown {
  try {
    return find(object)[0];
  } catch {
    return undefined;
  }
}

type CellValue = string | number | boolean | null;

/** A value as a column of a type shows it; null for one of another type. */
function cellOf(type: string, value: unknown, nowMs: number): CellValue {
  if (value === undefined) return null;
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return isTimestamp(value) && Date.parse(value) - nowMs <= 1_000 ? formatAge(value, nowMs) : '<invalid>';
    default:
      return null;
  }
}
