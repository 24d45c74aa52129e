import { maxStdinBytes } from '@gantry/client/pods.ts';

/** Cuts bytes into pieces that one message to a node agent may carry. */
export function* piecesOf(data: Buffer): Generator<Buffer> {
  for (let start = 0; start < data.length; start += maxStdinBytes) yield data.subarray(start, start + maxStdinBytes);
}
