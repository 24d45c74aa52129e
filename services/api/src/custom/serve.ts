import type { CustomRules } from '@gantry/model/custom/kind.ts';
import type { CustomResourceDefinition, JSONSchemaProps } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import type { Callouts } from '../callout/client.ts';
import type { CoreDeps } from '../core/context.ts';
import { webhookConversion } from './conversion.ts';
import { ServedDefinitions } from './definitions.ts';

interface Deps extends Pick<CoreDeps, 'kinds' | 'entropy' | 'log'> {
  readonly callouts: Pick<Callouts, 'ask'>;
  /** Compiles rules in CEL. */
  readonly rulesOf: (schema: JSONSchemaProps) => CustomRules | undefined;
}

/** Serves the kinds of definitions. Their webhooks are asked until the stack is disposed of. */
export function serveDefinitions(deps: Deps, stack: AsyncDisposableStack): ServedDefinitions {
  const { kinds, entropy, log, callouts, rulesOf } = deps;
  const stop = new AbortController();
  stack.defer(() => stop.abort());
  const asked = { callouts, uid: entropy.uid, signal: stop.signal };
  const optionsFor = (definition: CustomResourceDefinition) => {
    const isWebhook = definition.spec.conversion?.strategy === 'Webhook';
    return { rulesOf, ...(isWebhook ? { convert: webhookConversion(definition, asked) } : {}) };
  };
  return new ServedDefinitions(kinds, optionsFor, log);
}
