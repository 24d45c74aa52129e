import { GantryError } from '@gantry/runtime/errors.ts';

/** Linux' bound of one argument or variable of a program, in bytes, its end included (MAX_ARG_STRLEN). */
export const maxStringBytes = 131_072;

/**
 * Replaces `$(NAME)` by the variable's value. `$$(NAME)` stands for the text `$(NAME)` itself, and a name that is not
 * known stays as it is written, as in Kubernetes. Throws Invalid as soon as the text grows beyond what a program can be given, so
 * that values which double each other take no memory.
 * @param what The text's place in the spec, for the error.
 */
export function expand(text: string, lookUp: (name: string) => string | undefined, what: string): string {
  let bytes = Buffer.byteLength(text);
  checkSize(bytes, what);
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (whole, name: string | undefined) => {
    if (whole === '$$') return '$';
    const value = (name === undefined ? undefined : lookUp(name)) ?? whole;
    bytes += Buffer.byteLength(value) - Buffer.byteLength(whole);
    checkSize(bytes, what);
    return value;
  });
}

function checkSize(bytes: number, what: string): void {
  if (bytes < maxStringBytes) return;
  throw new GantryError('Invalid', `${what} is too long: a program takes at most ${maxStringBytes - 1} bytes`);
}
