/** Fields of definitions that were left out. */
import type { CustomResourceDefinition } from '../../gen/gantry.apiextensions.v1.ts';

const webhookPort = 443;

/** Sets the fields that were left out, in place. */
export function setDefinitionDefaults(definition: CustomResourceDefinition): void {
  const { spec, status } = definition;
  const { names } = spec;
  if (names.kind !== '') {
    names.singular ??= names.kind.toLowerCase();
    names.listKind ??= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= webhookPort;
  if (status?.storedVersions.length === 0) noteStoredVersion(definition);
}

/** Adds the version in which objects are stored to those in which they were. */
export function noteStoredVersion({ spec, status }: CustomResourceDefinition): void {
  const stored = spec.versions.find(({ storage }) => storage)?.name;
  const versions = status!.storedVersions;
  if (stored !== undefined && !versions.includes(stored)) versions.push(stored);
}
