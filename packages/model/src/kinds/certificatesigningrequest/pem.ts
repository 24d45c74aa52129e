/** PKCS #10 requests, as far as their validation reads them: the signature shows that whoever asks holds the key. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** Digests of the signature algorithms that are taken, by the hexadecimal bytes of their object identifiers; Ed25519 has none of its own. */
const digests: ReadonlyMap<string, string | null> = new Map([
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2b6570', null],
]);

/** Wrong with a request in PEM; undefined where its form and its signature are right. */
export function checkRequest(pem: Uint8Array): string | undefined {
  const text = Buffer.from(pem).toString('latin1');
  const [, base64] =
    /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE REQUEST-----/.exec(text) ?? [];
  if (base64 === undefined) return 'PEM block type must be CERTIFICATE REQUEST';
  try {
    return readSignedRequest(Buffer.from(base64, 'base64')).isSigned
      ? undefined
      : 'the signature of the request does not fit its key';
  } catch (error) {
    return `the request cannot be read: ${(error as Error).message}`;
  }
}

/** The key of a request in DER, and whether whoever asks holds it. Throws where the request cannot be read. */
export function readSignedRequest(der: Buffer): { readonly key: KeyObject; readonly isSigned: boolean } {
  const [whole] = elements(der);
  const [signed, algorithm, signature] = elements(content(whole, 0x30));
  const [, , key] = elements(content(signed, 0x30));
  const [identifier] = elements(content(algorithm, 0x30));
  const digest = digests.get(content(identifier, 0x06).toString('hex'));
  if (digest === undefined) throw new RangeError('its signature algorithm is not supported');
  // The first byte of a bit string counts the bits that are unused at its end.
  const bits = content(signature, 0x03).subarray(1);
  const publicKey = createPublicKey({ key: element(key).bytes, format: 'der', type: 'spki' });
  return { key: publicKey, isSigned: verify(digest, element(signed).bytes, publicKey, bits) };
}

/** One element of DER. */
interface Element {
  readonly tag: number;
  /** With tag and length. */
  readonly bytes: Buffer;
  readonly content: Buffer;
}

/** The elements that stand side by side. Throws a RangeError where one runs beyond the end. */
function elements(der: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length; ) {
    const tag = der.readUInt8(at);
    const first = der.readUInt8(at + 1);
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
    const start = at + 2 + lengthBytes;
    if (start + length > der.length) throw new RangeError('an element runs beyond the end');
    found.push({ tag, bytes: der.subarray(at, start + length), content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

function element(one: Element | undefined): Element {
  if (one === undefined) throw new RangeError('an element is missing');
  return one;
}

function content(one: Element | undefined, tag: number): Buffer {
  const { tag: found, content: inner } = element(one);
  if (found !== tag) throw new RangeError(`an element is of type ${found}, not ${tag}`);
  return inner;
}
