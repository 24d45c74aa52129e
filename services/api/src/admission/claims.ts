import { kindOf } from '@gantry/model/built-in.ts';
import { isDefaultClass } from '@gantry/model/kinds/storageclass/default.ts';
import type { Store } from '@gantry/store/store.ts';
import { keyPrefix } from '../core/keys.ts';
import type { AdmissionPlugin } from './admission.ts';
import { defaultClassName } from './default-class.ts';

const prefix = keyPrefix(kindOf('StorageClass'), '');

/** Gives new claims that name no storage class the default one. */
export function claimAdmission(store: Pick<Store, 'list'>): AdmissionPlugin {
  return {
    admit: async ({ object, stored }) => {
      if (object === undefined || stored !== undefined || object.spec?.storageClassName !== undefined) {
        return { object, operations: [] };
      }
      const storageClassName = await defaultClassName(store, prefix, isDefaultClass);
      if (storageClassName === undefined) return { object, operations: [] };
      return { object: { ...object, spec: { ...object.spec, storageClassName } }, operations: [] };
    },
  };
}
