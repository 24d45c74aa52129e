import { referenceProblem } from '../../image-reference.ts';

/**
 * When an image is pulled where nothing is said: each time with the tag latest, or with neither tag nor digest; else once, as is one
 * whose name makes no sense.
 */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  if (referenceProblem(image) !== undefined) return 'IfNotPresent';
  const [reference = '', digest] = image.split('@');
  const tag = reference.slice(reference.lastIndexOf('/') + 1).split(':')[1];
  return (tag ?? (digest === undefined ? 'latest' : '')) === 'latest' ? 'Always' : 'IfNotPresent';
}
