/** Conditions, which pods and nodes have in common. */
interface WithConditions {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** True for a pod or node that says it is ready. */
export function isReady({ status }: WithConditions): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}
