/**
 * Replaces `$(NAME)` by the variable's value. `$$(NAME)` stands for the text `$(NAME)` itself, and a name that is not
 * known stays as it is written, as in Kubernetes.
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (whole, name: string | undefined) => {
    if (whole === '$$') return '$';
    return (name === undefined ? undefined : lookUp(name)) ?? whole;
  });
}
