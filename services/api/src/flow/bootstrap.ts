import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  Subject,
} from '@gantry/model/gen/gantry.flowcontrol.v1.ts';
import { mandatoryFlowSchemas } from '@gantry/model/kinds/flowschema/mandatory.ts';
import { mandatoryPriorityLevels } from '@gantry/model/kinds/prioritylevelconfiguration/mandatory.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';

/** A level of Kubernetes' suggestion: shares, percent that it lends, queues, and queues of one flow. */
function level(name: string, shares: number, lends: number, queues: number, hand: number): PriorityLevelConfiguration {
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: shares,
        limitResponse: { type: 'Queue', queuing: { queues, handSize: hand, queueLengthLimit: 50 } },
        lendablePercent: lends,
      },
    },
  };
}

/** The priority levels that Kubernetes suggests. */
const suggestedLevels = [
  level('system', 30, 33, 64, 6),
  level('node-high', 40, 25, 64, 6),
  level('leader-election', 10, 0, 16, 4),
  level('workload-high', 40, 50, 128, 6),
  level('workload-low', 100, 90, 128, 6),
  level('global-default', 20, 50, 128, 6),
];

const users = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'User', user: { name } }));
const groups = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'Group', group: { name } }));
const systemAccounts: Subject[] = [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name: '*' } }];
const all = groups('system:unauthenticated', 'system:authenticated');

/** Requests for resources in every namespace. @param clusterScope Also of objects that are in none. */
function resources(verbs: string[], group: string, names: string[], clusterScope: boolean) {
  return { verbs, apiGroups: [group], resources: names, ...(clusterScope && { clusterScope }), namespaces: ['*'] };
}

const everything: Omit<PolicyRulesWithSubjects, 'subjects'> = {
  resourceRules: [resources(['*'], '*', ['*'], true)],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};

function schema(
  name: string,
  priorityLevel: string,
  matchingPrecedence: number,
  method: 'ByUser' | 'ByNamespace' | undefined,
  rule: PolicyRulesWithSubjects,
): FlowSchema {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: { name },
    spec: {
      priorityLevelConfiguration: { name: priorityLevel },
      matchingPrecedence,
      ...(method === undefined ? {} : { distinguisherMethod: { type: method } }),
      rules: [rule],
    },
  };
}

const { controllers, scheduler } = serviceNames;

/** The flow schemas that Kubernetes suggests. */
const suggestedSchemas = [
  schema('system-nodes', 'system', 500, 'ByUser', { subjects: groups('system:nodes'), ...everything }),
  schema('system-node-high', 'node-high', 400, 'ByUser', {
    subjects: groups('system:nodes'),
    resourceRules: [
      resources(['*'], '', ['nodes', 'nodes/status'], true),
      resources(['*'], 'coordination.k8s.io', ['leases'], false),
    ],
  }),
  schema('probes', 'exempt', 2, undefined, {
    subjects: all,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('system-leader-election', 'leader-election', 100, 'ByUser', {
    subjects: [...users(controllers, scheduler), ...systemAccounts],
    resourceRules: [resources(['get', 'create', 'update'], 'coordination.k8s.io', ['leases'], false)],
  }),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', {
    subjects: users(controllers),
    ...everything,
  }),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', { subjects: users(scheduler), ...everything }),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', {
    subjects: systemAccounts,
    ...everything,
  }),
  schema('service-accounts', 'workload-low', 9_000, 'ByUser', {
    subjects: groups('system:serviceaccounts'),
    ...everything,
  }),
  schema('global-default', 'global-default', 9_900, 'ByUser', { subjects: all, ...everything }),
];

/** An object that every api has. */
export interface BootstrapObject {
  readonly object: FlowSchema | PriorityLevelConfiguration;
  /** Its spec is the api's, whatever somebody writes; that of others is while nobody says otherwise. */
  readonly isMandatory: boolean;
}

/** The flow schemas and priority levels that every api has: Kubernetes' own (k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap). */
export const bootstrapObjects: readonly BootstrapObject[] = [
  ...[...suggestedLevels, ...suggestedSchemas].map((object) => ({ object, isMandatory: false })),
  ...[...mandatoryPriorityLevels, ...mandatoryFlowSchemas].map((object) => ({ object, isMandatory: true })),
];
