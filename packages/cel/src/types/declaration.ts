/** Declarations of data that have what most have. */
import { type Declaration, type Type, types } from './types.ts';

const noFields = new Map<string, never>();

/** A declaration with what most have: no parts, no bounds. */
export function declaration(parts: Partial<Declaration> & Pick<Declaration, 'reading' | 'type'>): Declaration {
  return {
    isNullable: false,
    fields: noFields,
    named: noFields,
    element: undefined,
    listType: 'atomic',
    listKeys: [],
    maxElements: 0,
    minSize: 0,
    ...parts,
  };
}

/** Data of which nothing is known. */
export const dynamic: Declaration = declaration({
  reading: 'dyn',
  type: types.dyn,
  isNullable: true,
  maxElements: Infinity,
});

/** A variable that is given as a value of this type, not as JSON. */
export function typed(type: Type): Declaration {
  return declaration({ reading: 'dyn', type });
}
