import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionAttempt } from '../chain.ts';
import { type RequestFacts, requestOf } from '../webhooks/review.ts';
import type { Bindings } from './evaluation.ts';

/** Makes the values of `authorizer` and `authorizer.requestResource`, which ask on behalf of the attempt's user. */
export type AuthorizerOf = (attempt: AdmissionAttempt, facts: RequestFacts) => Readonly<Record<string, unknown>>;

/** The values of variables for the expressions about an attempt. */
export function bindingsOf(
  attempt: AdmissionAttempt,
  facts: RequestFacts,
  more: {
    readonly namespace: AnyObject | undefined;
    readonly params?: AnyObject | undefined;
    readonly authorizer?: AuthorizerOf | undefined;
  },
): Bindings {
  return {
    object: facts.object ?? null,
    oldObject: facts.oldObject ?? null,
    request: requestOf(attempt, facts),
    namespaceObject: more.namespace === undefined ? null : namespaceObject(more.namespace),
    params: more.params ?? null,
    ...more.authorizer?.(attempt, facts),
  };
}

/** The parts of a namespace that expressions see. */
function namespaceObject({ metadata, spec = {}, status = {} }: AnyObject): object {
  const { managedFields: _, ownerReferences: _owners, ...seen } = metadata;
  return { metadata: seen, spec, status };
}
