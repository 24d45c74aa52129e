/** Values that mutating policies make: `Object{}`, `Object.spec{}` and so on, whose fields are any, and `JSONPatch{}`. */
import type { MessageType } from '../check/environment.ts';
import { libraryObject, type Type, types } from '../types/types.ts';
import { fail, MapValue, type Value } from '../values/value.ts';
import { declare, type FunctionDeclaration } from './function.ts';

/** An object that an expression made, its fields by name. */
export class ObjectValue extends MapValue {
  override readonly typeName: string;
  readonly fields: ReadonlyMap<string, Value>;

  constructor(typeName: string, fields: ReadonlyMap<string, Value>) {
    super();
    this.typeName = typeName;
    this.fields = fields;
  }

  get size(): number {
    return this.fields.size;
  }
  get(key: Value): Value | undefined {
    return typeof key === 'string' ? this.fields.get(key) : undefined;
  }
  keys(): Iterable<Value> {
    return this.fields.keys();
  }
}

const patchFields: ReadonlyMap<string, Type> = new Map([
  ['op', types.string],
  ['path', types.string],
  ['from', types.string],
  ['value', types.dyn],
]);

const patchType: MessageType = {
  type: libraryObject('JSONPatch'),
  field: (name) => patchFields.get(name),
  create: (fields) => {
    for (const name of ['op', 'path', 'from']) {
      const value = fields.get(name);
      if (value !== undefined && typeof value !== 'string') fail(`unexpected type for JSONPatchType '${name}' field`);
    }
    return new ObjectValue('JSONPatch', fields);
  },
};

/** The type of this name that mutating policies have. */
export function mutationType(name: string): MessageType | undefined {
  if (name === 'JSONPatch') return patchType;
  if (name !== 'Object' && !name.startsWith('Object.')) return undefined;
  return {
    type: libraryObject(name),
    field: () => types.dyn,
    create: (fields) => new ObjectValue(name, fields),
  };
}

/** Functions that mutating policies have beside those of all expressions. */
export const mutationFunctions: readonly FunctionDeclaration[] = [
  declare('jsonpatch.escapeKey', [
    'string_jsonpatch_escapeKey_string',
    '(string) -> string',
    (key: string) => key.replaceAll(/[/~]/g, (sign) => (sign === '/' ? '~1' : '~0')),
  ]),
];
