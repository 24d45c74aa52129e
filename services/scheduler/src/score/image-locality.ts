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
    const bytesHeld = new Map<number, number>();
    for (const image of images) {
      const holders = nodes.images.holders(withTag(image));
      if (holders === undefined) continue;
      const share = holders.size / Math.max(1, nodes.count);
      for (const [node, bytes] of holders) bytesHeld.set(node, (bytesHeld.get(node) ?? 0) + bytes * share);
    }
    if (bytesHeld.size === 0) return undefined;
    const mostBytes = mostBytesEach * images.length;
    return (node) => {
      const bytes = Math.min(mostBytes, Math.max(leastBytes, bytesHeld.get(node) ?? 0));
      return (100 * (bytes - leastBytes)) / (mostBytes - leastBytes);
    };
  },
};

/** Nodes list images with their tag. */
function withTag(image: string): string {
  return image.includes('@') || image.slice(image.lastIndexOf('/') + 1).includes(':') ? image : `${image}:latest`;
}
