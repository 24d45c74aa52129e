import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Namespace } from '../../gen/gantry.core.v1.ts';
import { invalidValues } from '../../validation/causes.ts';
import { dnsLabelProblems, qualifiedNameProblems } from '../../validation/names.ts';

/** Validates a namespace. Its name becomes a part of names in DNS. */
export function validateNamespace({ metadata, spec }: Namespace): FieldCause[] {
  return [
    ...invalidValues('metadata.name', metadata.name, dnsLabelProblems(metadata.name ?? '')),
    ...(spec?.finalizers ?? []).flatMap((finalizer, index) =>
      invalidValues(`spec.finalizers[${index}]`, finalizer, qualifiedNameProblems(finalizer)),
    ),
  ];
}
