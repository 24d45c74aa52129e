/** Access modes, volume mode and size, which volumes and claims have in common. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { compareQuantities, parseQuantity, quantityProblem } from '../../quantity.ts';
import { forbidden, invalidValue, invalidValues, oneOf, required } from '../../validation/causes.ts';
import { dnsSubdomainProblems } from '../../validation/names.ts';

const shortNames: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const accessModes = Object.keys(shortNames).sort();
const zero = parseQuantity('0');

/** Access modes as `get` prints them, in Kubernetes' order: `RWO,ROX`. */
export function formatAccessModes(modes: readonly string[] | undefined): string {
  const given = new Set(modes);
  return Object.entries(shortNames)
    .filter(([mode]) => given.has(mode))
    .map(([, short]) => short)
    .join(',');
}

/** Access modes: at least one, each known; that for one pod only stands alone. @param detail Said where there is none. */
export function validateAccessModes(
  modes: readonly string[] | undefined,
  field: string,
  detail?: string,
): FieldCause[] {
  const given = modes ?? [];
  const known = given.filter((mode) => accessModes.includes(mode));
  const mixed = known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod');
  return [
    ...(given.length === 0 ? [required(field, detail)] : []),
    ...given.flatMap((mode) => oneOf(field, mode, accessModes)),
    ...(mixed ? [forbidden(field, 'may not use ReadWriteOncePod with other access modes')] : []),
  ];
}

/** A size above zero. */
export function validateSize(size: string, field: string): FieldCause[] {
  const problem = quantityProblem(size);
  if (problem !== undefined) return [invalidValue(field, size, problem)];
  return compareQuantities(parseQuantity(size), zero) > 0
    ? []
    : [invalidValue(field, size, 'must be greater than zero')];
}

/** The rest: class and mode. @param path Of the spec. */
export function validateClassAndMode(
  spec: { readonly storageClassName?: string; readonly volumeMode?: string },
  path: string,
): FieldCause[] {
  const { storageClassName, volumeMode } = spec;
  return [
    ...(storageClassName
      ? invalidValues(`${path}.storageClassName`, storageClassName, dnsSubdomainProblems(storageClassName))
      : []),
    ...oneOf(`${path}.volumeMode`, volumeMode, ['Block', 'Filesystem']),
  ];
}
