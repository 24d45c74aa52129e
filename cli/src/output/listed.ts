/** Names that are shown of a long list. */
const maxNames = 3;

/** `a, b, c and 4,997 more`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, maxNames).join(', ');
  const more = names.length - maxNames;
  return more > 0 ? `${shown} and ${more.toLocaleString('en')} more` : shown;
}

/** `1 pod`, `2,000 pods`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
