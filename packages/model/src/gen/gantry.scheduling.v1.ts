// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** A name for a priority. Not namespaced. */
export interface PriorityClass {
  apiVersion: string;
  kind: 'PriorityClass';
  /** Identity; the name is what pods refer to. */
  metadata: ObjectMeta;
  /** The priority, higher first; up to 1,000,000,000 for users' classes. Fixed after creation. */
  value?: number;
  /** Use it for pods that name no class; one class at most. */
  globalDefault?: boolean;
  /** When to use it, for people. */
  description?: string;
  /** "PreemptLowerPriority" (default) or "Never": whether its pods may push out others. Fixed after creation. */
  preemptionPolicy?: string;
}
