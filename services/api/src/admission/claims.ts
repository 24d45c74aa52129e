import { kindOf } from '@gantry/model/built-in.ts';
import type { StorageClass } from '@gantry/model/gen/gantry.storage.v1.ts';
import { isDefaultClass } from '@gantry/model/kinds/storageclass/default.ts';
import type { Store } from '@gantry/store/store.ts';
import { keyPrefix } from '../core/keys.ts';
import { Stored } from '../core/stored-object.ts';
import type { AdmissionPlugin } from './admission.ts';

const prefix = keyPrefix(kindOf('StorageClass'), '');

/** Gives new claims that name no storage class the default one: the newest, where several are marked as such. */
export function claimAdmission(store: Pick<Store, 'list'>): AdmissionPlugin {
  return {
    admit: async ({ object, stored }) => {
      if (object === undefined || stored !== undefined || object.spec?.storageClassName !== undefined) {
        return { object, operations: [] };
      }
      const { entries } = await store.list({ prefix });
      const classes = entries.map((entry) => new Stored(entry)).filter(({ damage }) => damage === undefined);
      const chosen = classes
        .map(({ object: one }) => one as unknown as StorageClass)
        .filter(isDefaultClass)
        .toSorted(byAge)[0];
      if (chosen === undefined) return { object, operations: [] };
      return {
        object: { ...object, spec: { ...object.spec, storageClassName: chosen.metadata.name } },
        operations: [],
      };
    },
  };
}

/** The newest first; by name where they are of one age. */
function byAge({ metadata: left }: StorageClass, { metadata: right }: StorageClass): number {
  const [leftMs, rightMs] = [left, right].map(({ creationTimestamp = '' }) => Date.parse(creationTimestamp) || 0);
  return rightMs! - leftMs! || (left.name < right.name ? -1 : 1);
}
