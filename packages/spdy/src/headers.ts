import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';
import { uint32 } from './frames.ts';

/** Names in lower case, and their values. */
export type Headers = Readonly<Record<string, string>>;

/** Longest header block of a peer, in bytes, once it is inflated. */
const maxBlockBytes = 64 * 1024;

/** The header blocks of one connection: all blocks of one direction share a zlib stream, so their order counts. */
export class HeaderCodec {
  readonly #deflate: Deflate = createDeflate();
  readonly #inflate: Inflate = createInflate({ dictionary: headerDictionary });
  #inflated: Buffer[] = [];
  #inflatedBytes = 0;
  #failure: Error | undefined;

  constructor() {
    this.#deflate.on('error', () => undefined);
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#inflatedBytes += chunk.length;
      if (this.#inflatedBytes > maxBlockBytes) this.#inflate.destroy(new RangeError('a header block is too long'));
      else this.#inflated.push(chunk);
    });
    this.#inflate.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Compresses a block. May be called again once it resolved; rejects once the codec is closed. */
  async encode(headers: Headers): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const onData = (chunk: Buffer): void => void chunks.push(chunk);
    this.#deflate.on('data', onData);
    await settled(this.#deflate, (done) => {
      this.#deflate.write(blockOf(headers));
      this.#deflate.flush(constants.Z_SYNC_FLUSH, done);
    });
    this.#deflate.off('data', onData);
    return Buffer.concat(chunks);
  }

  /** Reads a block. May be called again once it resolved; rejects for a block that is none, and once the codec is closed. */
  async decode(block: Buffer): Promise<Headers> {
    await settled(this.#inflate, (done) => this.#inflate.write(block, done));
    if (this.#failure) throw this.#failure;
    const inflated = Buffer.concat(this.#inflated);
    this.#inflated = [];
    this.#inflatedBytes = 0;
    return headersOf(inflated);
  }

  close(): void {
    this.#deflate.destroy();
    this.#inflate.destroy();
  }
}

/** Waits for a step of a zlib stream, or for its end. */
function settled(zlib: Deflate | Inflate, step: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (zlib.destroyed) {
      reject(new Error('the connection is closed'));
      return;
    }
    const onClose = (): void => reject(new Error('the header block cannot be read'));
    zlib.once('close', onClose);
    step((error) => {
      zlib.off('close', onClose);
      if (error) reject(error);
      else resolve();
    });
  });
}

function blockOf(headers: Headers): Buffer {
  const entries = Object.entries(headers);
  const texts = entries.flat().map((text) => Buffer.from(text));
  return Buffer.concat([uint32(entries.length), ...texts.flatMap((text) => [uint32(text.length), text])]);
}

/** Reads names and values; throws RangeError for a block that ends early. */
function headersOf(block: Buffer): Headers {
  let offset = 0;
  const number = (): number => {
    offset += 4;
    return block.readUInt32BE(offset - 4);
  };
  const text = (): string => {
    const length = number();
    if (length > block.length - offset) throw new RangeError('a header block ends early');
    offset += length;
    return String(block.subarray(offset - length, offset));
  };
  const entries: [string, string][] = [];
  for (let left = number(); left > 0; left--) entries.push([text(), text()]);
  return Object.fromEntries(entries);
}
