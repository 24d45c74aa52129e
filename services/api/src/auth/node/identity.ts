import { nodeUserName } from '@gantry/runtime/identities.ts';
import { type User, wellKnown } from '../user.ts';

const prefix = nodeUserName('');

/** The name of the node that a user is the agent of, empty where the user's name tells none; undefined for users that are no nodes. */
export function nodeOf({ name, groups }: User): string | undefined {
  if (!groups.includes(wellKnown.nodes)) return undefined;
  // An administrator that acts as a node is not restricted to it.
  if (groups.includes(wellKnown.masters)) return undefined;
  return name.startsWith(prefix) ? name.slice(prefix.length) : '';
}
