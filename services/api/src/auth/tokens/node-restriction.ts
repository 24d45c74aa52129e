import type { TokenRequest } from '@gantry/model/gen/gantry.authentication.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { nodeUserName } from '@gantry/runtime/identities.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { type User, wellKnown } from '../user.ts';

/** Keeps a node from asking for tokens but those of its own pods. Throws Forbidden in the words of Kubernetes' NodeRestriction. */
export function checkNodeRequest(
  { name: user, groups }: User,
  account: { readonly name: string },
  reference: NonNullable<TokenRequest['spec']>['boundObjectRef'],
  bound: AnyObject | undefined,
): void {
  if (!groups.includes(wellKnown.nodes)) return;
  const refuse = (problem: string): never => {
    const { name } = account;
    throw new GantryError('Forbidden', `serviceaccounts ${JSON.stringify(name)} is forbidden: ${problem}`, {
      resource: { group: '', resource: 'serviceaccounts', name },
    });
  };
  if (reference?.kind !== 'Pod' || !reference.name) refuse('node requested token not bound to a pod');
  if (!reference?.uid) refuse('node requested token with a pod binding without a uid');
  const nodeName = bound?.spec?.nodeName;
  if (typeof nodeName !== 'string' || user !== nodeUserName(nodeName))
    refuse('node requested token bound to a pod scheduled on a different node');
}
