import { randomUUID } from 'node:crypto';
import type { Credentials } from '@gantry/client/credentials.ts';
import { builtInKinds, genericKindOf } from '@gantry/model/built-in.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { definitionKind } from '@gantry/model/kinds/customresourcedefinition/customresourcedefinition.ts';
import { Registry } from '@gantry/model/registry.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Store } from '@gantry/store/store.ts';
import { AdmissionChain } from './admission/chain.ts';
import { parseIpRange } from './admission/ip-range.ts';
import type { OutsideAdmission } from './admission/outside.ts';
import { type AdmissionViews, admissionPlugins, admissionSteps } from './admission/plugins.ts';
import type { Access } from './auth/access.ts';
import type { TokenKeys } from './auth/tokens/keys.ts';
import type { ApiConfig } from './config.ts';
import type { CoreDeps } from './core/context.ts';
import { DamagedObjects } from './core/damage.ts';
import type { Entropy } from './core/metadata.ts';
import { ObjectCache } from './core/stored-object.ts';
import { whileDefined } from './definitions/admission.ts';
import { ruleChecks } from './definitions/rules.ts';
import type { CapacityLedger } from './scheduling/ledger.ts';

/** The core without its admission chain. */
export type CoreBase = Omit<CoreDeps, 'chain'>;

/** The outside of the core: its store, and what an api process was given. */
interface Given {
  readonly store: Store;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  readonly credentials?: Credentials | undefined;
  readonly rootCertificate?: string;
}

/** Definitions as all programs know them, and as the one does that writes them: with the checks of rules. */
const readDefinitions = genericKindOf('CustomResourceDefinition');
const writtenDefinitions = definitionKind(ruleChecks) as unknown as Kind;

/** Puts the core together: the kinds, the store, and admission. */
export function coreOf(
  config: ApiConfig,
  given: Given,
  access: Access,
  parts: {
    readonly views: AdmissionViews;
    readonly ledger: CapacityLedger;
    readonly keys: TokenKeys;
    readonly outside: (base: CoreBase) => OutsideAdmission;
  },
): { readonly core: CoreDeps; readonly outside: OutsideAdmission } {
  const { store, log, clock = systemClock, entropy = systemEntropy } = given;
  const { serviceCidr, nodePorts, dnsAddress } = config;
  const rootCertificate = given.rootCertificate ?? given.credentials?.certificates?.current.ca;
  const allocation = { clusterIps: parseIpRange(serviceCidr), nodePorts, dnsAddress };
  const cache = new ObjectCache(config.cacheChars);
  const admitting = { ...parts, store, cache, clock, entropy, access, rootCertificate };
  const base: CoreBase = {
    kinds: new Registry(builtInKinds.map((kind) => (kind === readDefinitions ? writtenDefinitions : kind))),
    store,
    clock,
    entropy,
    log,
    limits: config.limits,
    cache,
    damaged: new DamagedObjects(log),
    authorize: access.authorize,
    admission: admissionPlugins({ ...admitting, allocation }),
  };
  const outside = parts.outside(base);
  const steps = [...admissionSteps(admitting, outside.steps), whileDefined(base)];
  return { core: { ...base, chain: new AdmissionChain(steps) }, outside };
}

const systemEntropy: Entropy = { uid: () => randomUUID(), random: Math.random };
