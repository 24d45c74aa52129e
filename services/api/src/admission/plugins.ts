import { builtIn } from '@gantry/model/built-in.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Store } from '@gantry/store/store.ts';
import type { Access } from '../auth/access.ts';
import type { TokenKeys } from '../auth/tokens/keys.ts';
import {
  approvalStep,
  attestationStep,
  podSigningStep,
  signingStep,
  subjectRestrictionStep,
} from '../certificates/permissions.ts';
import type { Entropy } from '../core/metadata.ts';
import type { ObjectCache } from '../core/stored-object.ts';
import type { CapacityLedger } from '../scheduling/ledger.ts';
import type { Admission } from './admission.ts';
import { nodeAdmission, podAdmission } from './capacity.ts';
import type { AdmissionStep } from './chain.ts';
import { defaultIngressClassStep } from './ingresses.ts';
import { jobOrderStep } from './job-order.ts';
import { KindView, notingStep } from './kind-view.ts';
import { limitRangeStep } from './limit-ranges/step.ts';
import { namespaceLifecycleStep } from './namespace-lifecycle.ts';
import { podCertificateStep } from './pod-certificates.ts';
import { podResizeStep } from './pod-resize.ts';
import { podSecurityStep } from './pod-security/step.ts';
import { priorityClassAdmission, priorityStep } from './priority.ts';
import { quotaStep } from './quotas/reservations.ts';
import { rootCertificateAdmission } from './root-certificate.ts';
import { runtimeClassStep } from './runtime-class.ts';
import { serviceAccountStep } from './service-accounts.ts';
import { serviceAdmission } from './services.ts';
import { claimResizeStep, defaultStorageClassStep, inUseProtectionStep } from './storage.ts';
import { accountAdmission, tokenSecretAdmission } from './token-secrets.ts';
import { tolerationStep } from './tolerations.ts';
import { topologyStep } from './topology.ts';

/** Objects by which others are admitted. */
export interface AdmissionViews {
  readonly namespaces: KindView;
  readonly quotas: KindView;
  readonly limitRanges: KindView;
  readonly accounts: KindView;
  readonly priorityClasses: KindView;
  readonly runtimeClasses: KindView;
  readonly storageClasses: KindView;
  readonly ingressClasses: KindView;
}

/** The views of a process; they are to follow the store's changes. */
export function admissionViews(store: Pick<Store, 'get'>): AdmissionViews {
  const view = (group: string, kind: string): KindView => new KindView(builtIn.kindOf(group, kind)!, store);
  return {
    namespaces: view('', 'Namespace'),
    quotas: view('', 'ResourceQuota'),
    limitRanges: view('', 'LimitRange'),
    accounts: view('', 'ServiceAccount'),
    priorityClasses: view('scheduling.k8s.io', 'PriorityClass'),
    runtimeClasses: view('node.k8s.io', 'RuntimeClass'),
    storageClasses: view('storage.k8s.io', 'StorageClass'),
    ingressClasses: view('networking.k8s.io', 'IngressClass'),
  };
}

interface Deps {
  readonly store: Store;
  readonly cache: ObjectCache;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly views: AdmissionViews;
  /** The places of nodes. */
  readonly ledger: CapacityLedger;
  readonly access: Pick<Access, 'decide' | 'nodeStep' | 'escalationStep'>;
  /** Certificate of the cluster's authority, in PEM; without it pods get no accounts' tokens. */
  readonly rootCertificate: string | undefined;
}

/**
 * The steps of admission, in Kubernetes' order of plugins.
 * @param outside Webhooks and policies.
 */
export function admissionSteps(deps: Deps, outside: readonly AdmissionStep[]): readonly AdmissionStep[] {
  const { views, access, clock, entropy, rootCertificate } = deps;
  const { accounts } = views;
  return [
    notingStep(Object.values(views)),
    namespaceLifecycleStep(deps),
    limitRangeStep(views.limitRanges),
    ...(rootCertificate === undefined ? [] : [serviceAccountStep({ accounts, clock, random: entropy.random })]),
    access.nodeStep,
    podSecurityStep({ ...deps, namespaces: views.namespaces }),
    priorityStep(views.priorityClasses),
    tolerationStep,
    defaultStorageClassStep(views.storageClasses),
    inUseProtectionStep,
    claimResizeStep(views.storageClasses),
    runtimeClassStep(views.runtimeClasses),
    approvalStep(access.decide),
    signingStep(access.decide),
    attestationStep(access.decide),
    podSigningStep(access.decide, clock),
    podCertificateStep(deps),
    subjectRestrictionStep,
    defaultIngressClassStep(views.ingressClasses),
    jobOrderStep(deps.store),
    topologyStep(deps.ledger),
    podResizeStep(deps.ledger),
    ...outside,
    // Judges what all steps before it made of the write.
    access.escalationStep,
    quotaStep({ ...deps, quotas: views.quotas }),
  ];
}

interface PluginDeps {
  readonly store: Store;
  readonly entropy: Entropy;
  readonly views: Pick<AdmissionViews, 'accounts'>;
  readonly keys: TokenKeys;
  readonly allocation: Parameters<typeof serviceAdmission>[1];
  /** Certificate of the cluster's authority, in PEM. */
  readonly rootCertificate: string | undefined;
}

/** The plugins of all kinds that have one. */
export function admissionPlugins(deps: PluginDeps): Admission {
  const { store, entropy, allocation, keys, rootCertificate } = deps;
  return {
    services: serviceAdmission(store, allocation, entropy.random),
    pods: podAdmission,
    configmaps: rootCertificateAdmission(rootCertificate),
    secrets: tokenSecretAdmission({ accounts: deps.views.accounts, keys, rootCertificate }),
    serviceaccounts: accountAdmission(store),
    nodes: nodeAdmission,
    'priorityclasses.scheduling.k8s.io': priorityClassAdmission(store),
  };
}
