/** The authenticated user of a request, as Kubernetes' UserInfo has it. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  /** Set where the proof carries one, as a service account's token does. */
  readonly uid?: string;
  /** Further facts of the proof, such as the pod that a token is bound to. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Names of users and groups that Kubernetes gives a meaning to. */
export const wellKnown = {
  admin: 'system:admin',
  anonymous: 'system:anonymous',
  masters: 'system:masters',
  authenticated: 'system:authenticated',
  unauthenticated: 'system:unauthenticated',
  nodes: 'system:nodes',
} as const;
