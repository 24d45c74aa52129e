import { pathSegmentProblems as segmentProblems } from '../../validation/names.ts';

/** The API group of roles and bindings, and of users and groups as their subjects. */
export const rbacGroup = 'rbac.authorization.k8s.io';

/** Longest name of a role or binding in characters, as of other objects. */
const maxNameChars = 253;

/** A name such as system:node: whatever may stand in a path. In the words of k8s.io/apimachinery api/validate/content. */
export function pathSegmentProblems(name: string): string[] {
  const problems = segmentProblems(name);
  return name.length > maxNameChars ? [...problems, `must be no more than ${maxNameChars} characters`] : problems;
}
