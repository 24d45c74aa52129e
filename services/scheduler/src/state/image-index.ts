import type { NodeInfo } from '../requirement.ts';

/** Nodes by the images that they hold, so that pods whose images no node holds cost nothing. */
export class ImageIndex {
  /** Grows with each change. */
  version = 0;
  readonly #holders = new Map<string, Map<number, number>>();

  /** Sizes in bytes of an image by the nodes that hold it; undefined where none does. */
  holders(image: string): ReadonlyMap<number, number> | undefined {
    return this.#holders.get(image);
  }

  /** Takes the change of one node's images. */
  change(node: number, old: NodeInfo['images'] | undefined, images: NodeInfo['images'] | undefined): void {
    for (const name of old?.keys() ?? []) {
      if (images?.has(name)) continue;
      this.version++;
      const holders = this.#holders.get(name);
      holders?.delete(node);
      if (holders?.size === 0) this.#holders.delete(name);
    }
    for (const [name, bytes] of images ?? []) {
      if (old?.get(name) === bytes) continue;
      this.version++;
      const holders = this.#holders.get(name);
      if (holders === undefined) this.#holders.set(name, new Map([[node, bytes]]));
      else holders.set(node, bytes);
    }
  }
}
