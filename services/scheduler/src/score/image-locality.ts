import type { Score } from '../plugin.ts';

const mebibyte = 1024 * 1024;
/** Images below this size are pulled in no time; beyond the second one more does not matter (Kubernetes' numbers). */
const leastBytes = 23 * mebibyte;
const mostBytesEach = 1_000 * mebibyte;

/**
 * Prefers nodes that hold the pod's images already, by their size; an image that few nodes hold counts for less, or
 * those few would get all pods.
 */
export const imageLocality: Score = {
  name: 'ImageLocality',
  weightOf: ({ imageLocality }) => imageLocality,
  prepare({ images }, { nodes }) {
    const held = images.flatMap((image) => {
      const bytesByNode = nodes.images.holders(withTag(image));
      return bytesByNode === undefined ? [] : [{ bytesByNode, share: bytesByNode.size / Math.max(1, nodes.count) }];
    });
    if (held.length === 0) return undefined;
    const mostBytes = mostBytesEach * images.length;
    return (node) => {
      let sum = 0;
      for (const { bytesByNode, share } of held) sum += share * (bytesByNode.get(node) ?? 0);
      const bytes = Math.min(mostBytes, Math.max(leastBytes, sum));
      return (100 * (bytes - leastBytes)) / (mostBytes - leastBytes);
    };
  },
};

/** Nodes list images with their tag. */
function withTag(image: string): string {
  return image.includes('@') || image.slice(image.lastIndexOf('/') + 1).includes(':') ? image : `${image}:latest`;
}
