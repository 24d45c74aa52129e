/** Types of control frames. */
export const frameType = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
/** Flag of the last frame of one direction of a stream. */
export const flagFin = 1;
/** Status codes of a reset. */
export const resetStatus = { refused: 3, cancel: 5 } as const;

/** Peers send pieces of 32 KiB; a frame that claims to be far longer is none. */
const maxFrameBytes = 1024 * 1024;
const headerBytes = 8;
const version3 = 0x8003;

/** Puts frames together again from bytes that are cut anywhere. */
export class FrameReader {
  #received: Buffer = Buffer.alloc(0);

  /** Takes bytes, and hands on each frame that is whole. Throws RangeError for a frame that is too long. */
  take(data: Buffer, onFrame: (header: Buffer, body: Buffer) => void): void {
    const received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    let offset = 0;
    while (received.length - offset >= headerBytes) {
      const length = received.readUIntBE(offset + 5, 3);
      if (length > maxFrameBytes) throw new RangeError(`a frame has ${length} bytes`);
      const start = offset + headerBytes;
      if (received.length - start < length) break;
      onFrame(received.subarray(offset, start), received.subarray(start, start + length));
      offset = start + length;
    }
    this.#received = received.subarray(offset);
  }
}

export function controlFrame(type: number, body: Buffer, flags = 0): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(version3, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([header, body]);
}

export function dataFrame(id: number, data: Buffer, fin: boolean): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(id, 0);
  header.writeUInt8(fin ? flagFin : 0, 4);
  header.writeUIntBE(data.length, 5, 3);
  return Buffer.concat([header, data]);
}

/** A number of 32 bits, as fields of frames hold it. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
