/** `namespace/name`, as people name pods. */
export function podLabel({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
