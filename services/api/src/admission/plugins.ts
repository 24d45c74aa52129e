import type { Clock } from '@gantry/runtime/clock.ts';
import type { Store } from '@gantry/store/store.ts';
import type { TokenKeys } from '../auth/tokens/keys.ts';
import { requestAdmission } from '../certificates/permissions.ts';
import type { Entropy } from '../core/metadata.ts';
import type { Admission } from './admission.ts';
import { nodeAdmission, podAdmission } from './capacity.ts';
import type { AdmissionStep } from './chain.ts';
import { claimAdmission } from './claims.ts';
import { ingressAdmission } from './ingresses.ts';
import { type PriorityClasses, priorityClassAdmission } from './priority.ts';
import { rootCertificateAdmission } from './root-certificate.ts';
import { type ServiceAccounts, withServiceAccount } from './service-accounts.ts';
import { serviceAdmission } from './services.ts';
import { accountAdmission, tokenSecretAdmission } from './token-secrets.ts';

/** State by which new objects are admitted. */
export interface AdmissionState {
  readonly priorities: PriorityClasses;
  readonly accounts: ServiceAccounts;
  readonly keys: TokenKeys;
}

interface Deps extends AdmissionState {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly allocation: Parameters<typeof serviceAdmission>[1];
  /** Certificate of the cluster's authority, in PEM; without it pods get no accounts' tokens. */
  readonly rootCertificate: string | undefined;
}

/**
 * The steps of admission, in Kubernetes' order of plugins.
 * @param restrictions Those of access control.
 * @param outside Webhooks and policies.
 */
export function admissionSteps(
  restrictions: readonly AdmissionStep[],
  outside: readonly AdmissionStep[],
): readonly AdmissionStep[] {
  return [...restrictions, ...outside];
}

/** The plugins of all kinds that have one. */
export function admissionPlugins(deps: Deps): Admission {
  const { store, clock, entropy, allocation, priorities, accounts, keys, rootCertificate } = deps;
  return {
    services: serviceAdmission(store, allocation, entropy.random),
    pods: podAdmission(priorities, async (pod) =>
      rootCertificate !== undefined ? withServiceAccount(pod, { accounts, clock, random: entropy.random }) : pod,
    ),
    configmaps: rootCertificateAdmission(rootCertificate),
    secrets: tokenSecretAdmission({ accounts, keys, rootCertificate }),
    serviceaccounts: accountAdmission(store),
    'certificatesigningrequests.certificates.k8s.io': requestAdmission,
    nodes: nodeAdmission,
    'priorityclasses.scheduling.k8s.io': priorityClassAdmission(store),
    persistentvolumeclaims: claimAdmission(store),
    'ingresses.networking.k8s.io': ingressAdmission(store),
  };
}
