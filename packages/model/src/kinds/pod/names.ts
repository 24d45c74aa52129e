import type { ObjectMeta } from '../../gen/gantry.meta.v1.ts';
import { dnsLabelProblems } from '../../validation/names.ts';

/** Warns of a name that is right for the object, and not for the pods and hostnames that are made of it. */
export function nameWarnings({ name }: ObjectMeta): string[] {
  const problems = dnsLabelProblems(name);
  if (problems.length === 0) return [];
  const text =
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  return [`${text}: [${problems.join(' ')}]`];
}
