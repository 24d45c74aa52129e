import type {
  MatchCondition,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import type { CalloutTarget } from '../../callout/target.ts';
import { type Conditions, compileConditions } from '../expressions/conditions.ts';
import type { Choice } from '../matching/candidates.ts';
import { conditionsOf } from '../matching/selectors.ts';

/** A webhook of a configuration, as it is called. */
export interface Hook extends Choice {
  /** Unique among all, also where a configuration has a name twice. */
  readonly uid: string;
  readonly name: string;
  readonly configuration: string;
  /** Its place among all webhooks of its type, which annotations of the audit log name. */
  readonly index: number;
  readonly target: CalloutTarget;
  readonly reviewVersions: readonly string[];
  readonly isIgnoredOnFailure: boolean;
  readonly worksOnDryRun: boolean;
  readonly isReinvoked: boolean;
  readonly timeoutMs: number;
  /** Its match conditions, compiled. */
  readonly conditions: Conditions;
}

const defaultTimeoutSeconds = 10;

/** The webhooks of configurations, by the names of these and then in their own order. */
export function hooksOf(
  configurations: readonly (MutatingWebhookConfiguration | ValidatingWebhookConfiguration)[],
): readonly Hook[] {
  const sorted = configurations.toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
  const all = sorted.flatMap(({ metadata, webhooks = [] }) =>
    webhooks.map((webhook: MutatingWebhook, place) => ({ webhook, place, configuration: metadata.name ?? '' })),
  );
  return all.map(({ webhook, place, configuration }, index) => ({
    uid: `${configuration}/${webhook.name}/${place}`,
    name: webhook.name,
    configuration,
    index,
    rules: webhook.rules ?? [],
    matchPolicy: webhook.matchPolicy ?? 'Equivalent',
    namespaceConditions: conditionsOf(webhook.namespaceSelector),
    objectConditions: conditionsOf(webhook.objectSelector),
    target: webhook.clientConfig ?? {},
    reviewVersions: webhook.admissionReviewVersions,
    isIgnoredOnFailure: webhook.failurePolicy === 'Ignore',
    worksOnDryRun: webhook.sideEffects === 'None' || webhook.sideEffects === 'NoneOnDryRun',
    isReinvoked: webhook.reinvocationPolicy === 'IfNeeded',
    timeoutMs: (webhook.timeoutSeconds ?? defaultTimeoutSeconds) * 1_000,
    conditions: conditionsIn(webhook.matchConditions),
  }));
}

const scope = { hasParams: false, hasAuthorizer: true };
/** Compiled conditions by what is stored: each is compiled once. */
const compiled = new WeakMap<readonly MatchCondition[], Conditions>();

function conditionsIn(given: readonly MatchCondition[] = []): Conditions {
  const known = compiled.get(given) ?? compileConditions(given, scope);
  compiled.set(given, known);
  return known;
}
