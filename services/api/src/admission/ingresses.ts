import { kindOf } from '@gantry/model/built-in.ts';
import { classAnnotation } from '@gantry/model/kinds/ingress/validation.ts';
import { isDefaultIngressClass } from '@gantry/model/kinds/ingressclass/ingressclass.ts';
import type { Store } from '@gantry/store/store.ts';
import { keyPrefix } from '../core/keys.ts';
import type { AdmissionPlugin } from './admission.ts';
import { defaultClassName } from './default-class.ts';

const prefix = keyPrefix(kindOf('IngressClass'), '');

/** Gives new Ingresses that name no class, in the field or in the annotation of old, the default one. */
export function ingressAdmission(store: Pick<Store, 'list'>): AdmissionPlugin {
  return {
    admit: async ({ object, stored }) => {
      if (object === undefined || stored !== undefined) return { object, operations: [] };
      const isNamed =
        object.spec?.ingressClassName !== undefined || object.metadata.annotations?.[classAnnotation] !== undefined;
      const ingressClassName = isNamed ? undefined : await defaultClassName(store, prefix, isDefaultIngressClass);
      if (ingressClassName === undefined) return { object, operations: [] };
      return { object: { ...object, spec: { ...object.spec, ingressClassName } }, operations: [] };
    },
  };
}
