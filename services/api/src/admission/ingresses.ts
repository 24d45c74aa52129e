import { builtIn } from '@gantry/model/built-in.ts';
import { classAnnotation } from '@gantry/model/kinds/ingress/validation.ts';
import { isDefaultIngressClass } from '@gantry/model/kinds/ingressclass/ingressclass.ts';
import type { AdmissionStep } from './chain.ts';
import { defaultClassName } from './default-class.ts';
import type { KindView } from './kind-view.ts';

const ingressKind = builtIn.kindOf('networking.k8s.io', 'Ingress')!;

/** DefaultIngressClass: gives new Ingresses that name no class, in the field or in the annotation of old, the default one. @param classes All of them. */
export function defaultIngressClassStep(classes: KindView): AdmissionStep {
  return {
    name: 'DefaultIngressClass',
    handles: ({ kind, operation, request: { subresource }, object }) =>
      kind === ingressKind &&
      operation === 'CREATE' &&
      subresource === '' &&
      object?.spec?.ingressClassName === undefined &&
      object?.metadata.annotations?.[classAnnotation] === undefined,
    mutate: ({ object }) => {
      const ingressClassName = defaultClassName(classes, isDefaultIngressClass);
      if (ingressClassName !== undefined) object!.spec = { ...object!.spec, ingressClassName };
    },
  };
}
