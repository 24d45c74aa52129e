/** The API group of roles and bindings, and of users and groups as their subjects. */
export const rbacGroup = 'rbac.authorization.k8s.io';

/** Longest name of a role or binding in characters, as of other objects. */
const maxNameChars = 253;

/** A name such as system:node: whatever may stand in a path. In the words of k8s.io/apimachinery api/validate/content. */
export function pathSegmentProblems(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return [
    ...['/', '%'].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`),
    ...(name.length > maxNameChars ? [`must be no more than ${maxNameChars} characters`] : []),
  ];
}
