import type { Container, EphemeralContainer, Pod, ServiceAccount } from '@gantry/model/gen/gantry.core.v1.ts';

/** Set to `true` on an account whose pods may use none but its own Secrets. */
const enforcingAnnotation = 'kubernetes.io/enforce-mountable-secrets';
/** Spellings of true, as Go reads them. */
const trueTexts = ['1', 't', 'T', 'true', 'TRUE', 'True'];

type AnyContainer = Container | EphemeralContainer;

/** The first Secret of a pod that its account does not name, in Kubernetes' words; undefined where all are, or the account does not care. */
export function foreignSecret(pod: Pod, account: ServiceAccount, operation: string): string | undefined {
  const { name, annotations = {} } = account.metadata;
  if (!trueTexts.includes(annotations[enforcingAnnotation] ?? '')) return undefined;
  const own = new Set((account.secrets ?? []).map((secret) => secret.name ?? ''));
  const suffix = `is not allowed because service account ${name} does not reference that secret`;
  const { spec } = pod;
  if (operation !== 'CREATE') return inContainers('ephemeral container', spec.ephemeralContainers, own, suffix);
  const volume = (spec.volumes ?? []).find(({ secret }) => secret !== undefined && !own.has(secret.secretName ?? ''));
  if (volume !== undefined) return `volume with secret.secretName="${volume.secret!.secretName}" ${suffix}`;
  const inside =
    inContainers('init container', spec.initContainers, own, suffix) ??
    inContainers('container', spec.containers, own, suffix);
  if (inside !== undefined) return inside;
  const pulling = new Set((account.imagePullSecrets ?? []).map((secret) => secret.name ?? ''));
  const index = (spec.imagePullSecrets ?? []).findIndex((secret) => !pulling.has(secret.name ?? ''));
  if (index < 0) return undefined;
  const where = `imagePullSecrets[${index}].name="${spec.imagePullSecrets![index]!.name}"`;
  return `${where} is not allowed because service account ${name} does not reference that imagePullSecret`;
}

function inContainers(
  word: string,
  containers: readonly AnyContainer[] = [],
  own: ReadonlySet<string>,
  suffix: string,
): string | undefined {
  for (const container of containers) {
    for (const { name, valueFrom } of container.env ?? []) {
      const secret = valueFrom?.secretKeyRef?.name;
      if (valueFrom?.secretKeyRef === undefined || own.has(secret ?? '')) continue;
      return `${word} ${container.name} with envVar ${name} referencing secret.secretName="${secret}" ${suffix}`;
    }
    for (const { secretRef } of container.envFrom ?? []) {
      if (secretRef === undefined || own.has(secretRef.name ?? '')) continue;
      return `${word} ${container.name} with envFrom referencing secret.secretName="${secretRef.name}" ${suffix}`;
    }
  }
  return undefined;
}

/** A reference that a mirror of a node's own pod may not have. */
export function mirrorProblem({ spec }: Pod): string | undefined {
  if (spec.serviceAccountName) return 'a mirror pod may not reference service accounts';
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const usesSecrets =
    (spec.imagePullSecrets ?? []).length > 0 ||
    containers.some(
      ({ env = [], envFrom = [] }) =>
        env.some(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined) ||
        envFrom.some(({ secretRef }) => secretRef !== undefined),
    ) ||
    (spec.volumes ?? []).some(
      ({ secret, projected }) =>
        secret !== undefined || (projected?.sources ?? []).some((source) => source.secret !== undefined),
    );
  if (usesSecrets) return 'a mirror pod may not reference secrets';
  const hasToken = (spec.volumes ?? []).some(({ projected }) =>
    (projected?.sources ?? []).some(({ serviceAccountToken }) => serviceAccountToken !== undefined),
  );
  return hasToken ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined;
}
