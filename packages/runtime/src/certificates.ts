/** Certificates of a running process: read from files, and read anew when those change. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerCertificate } from 'node:tls';
import { GantryError } from './errors.ts';

/** A process' proof of its name, and the authorities that it believes. All in PEM. */
export interface Certificates {
  /** Certificates of the authorities. */
  readonly ca: string;
  /** Own certificate, with those between it and the authority. */
  readonly cert: string;
  /** Key of the own certificate, PKCS #8. */
  readonly key: string;
}

/** Certificates that may change while they are used. Disposing of it ends its looking for changes. */
export interface CertificateSource extends Disposable {
  /** The certificates as of now. */
  readonly current: Certificates;
  /** Calls the listener after each change; returns how to stop that. */
  onChange(listener: (certificates: Certificates) => void): () => void;
}

/** Names of the files in a folder of certificates, as in a Secret of type kubernetes.io/tls. */
export const certificateFiles = { ca: 'ca.crt', cert: 'tls.crt', key: 'tls.key' } as const;

/** A file that was written is noticed within this time, in milliseconds. */
const pollMs = 5_000;

/** Certificates that may be there only later. */
export interface LateCertificates {
  readonly current: Certificates | undefined;
  /** Calls the listener after each change; returns how to stop that. */
  onChange(listener: (certificates: Certificates) => void): () => void;
}

/** A source whose owner sets the certificates. */
export class CertificateHolder<C extends Certificates | undefined = Certificates> implements LateCertificates {
  #current: C | Certificates;
  readonly #listeners = new Set<(certificates: Certificates) => void>();

  constructor(certificates: C) {
    this.#current = certificates;
  }

  get current(): C | Certificates {
    return this.#current;
  }

  /** Replaces the certificates, and tells it to all that listen. */
  set(certificates: Certificates): void {
    this.#current = certificates;
    for (const listener of [...this.#listeners]) listener(certificates);
  }

  onChange(listener: (certificates: Certificates) => void): () => void {
    const own = (certificates: Certificates): void => listener(certificates);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  [Symbol.dispose](): void {
    this.#listeners.clear();
  }
}

/** Paths of certificates in PEM. */
export type CertificatePaths = Readonly<Record<keyof Certificates, string>>;

/** Paths of the certificates in a folder: `ca.crt`, `tls.crt` and `tls.key`. */
export function pathsIn(folder: string): CertificatePaths {
  const { ca, cert, key } = certificateFiles;
  return { ca: join(folder, ca), cert: join(folder, cert), key: join(folder, key) };
}

/**
 * The certificates in files. Those that change are read again while the source is used; what cannot be read then, or does not fit together,
 * leaves those that are known. Throws FailedPrecondition, naming the file, where there are none at first.
 */
export function followCertificates(paths: CertificatePaths): CertificateSource {
  const holder = new CertificateHolder(readCertificates(paths));
  const timer = setInterval(() => refresh(holder, paths), pollMs).unref();
  return {
    get current() {
      return holder.current;
    },
    onChange: (listener) => holder.onChange(listener),
    [Symbol.dispose]: () => {
      clearInterval(timer);
      holder[Symbol.dispose]();
    },
  };
}

/** Reads certificates now. Throws FailedPrecondition where they are missing or do not fit together. */
export function readCertificates({ ca, cert, key }: CertificatePaths): Certificates {
  const read = (path: string): string => readFileSync(path, 'utf8');
  try {
    const found = { ca: read(ca), cert: read(cert), key: read(key) };
    if (!new X509Certificate(found.cert).checkPrivateKey(createPrivateKey(found.key))) {
      throw new Error(`${cert} and ${key} do not belong together`);
    }
    return found;
  } catch (cause) {
    throw new GantryError('FailedPrecondition', `the certificates cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function refresh(holder: CertificateHolder, paths: CertificatePaths): void {
  const { ca, cert, key } = holder.current;
  try {
    const found = readCertificates(paths);
    if (found.ca !== ca || found.cert !== cert || found.key !== key) holder.set(found);
  } catch {
    // Half of a renewal: the next look finds the other half.
  }
}

/** TLS settings of a client whose library reads them anew for each connection. */
export function tlsSettings(source: CertificateSource, more: readonly string[] = []) {
  return {
    get ca() {
      return [...more, source.current.ca];
    },
    get cert() {
      return source.current.cert;
    },
    get key() {
      return source.current.key;
    },
  };
}

/** The name in a certificate that an authority of the cluster vouches for. */
export interface VerifiedCertificate {
  /** Subject's common name: the user. */
  readonly commonName: string;
  /** Subject's organizations: the user's groups. */
  readonly organizations: readonly string[];
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
  /** End of its validity, in milliseconds since the epoch. A connection may outlive it. */
  readonly notAfterMs: number;
}

/** A TLS connection as far as its peer's certificate goes; other connections have neither. */
export interface CertifiedSocket {
  readonly authorized?: boolean;
  getPeerCertificate?(): PeerCertificate;
}

/** The certificate of a connection's client; undefined where it gave none, or none of an authority that the server believes. */
export function verifiedCertificate(socket: CertifiedSocket): VerifiedCertificate | undefined {
  return socket.authorized === true ? nameOf(socket.getPeerCertificate?.()) : undefined;
}

/** The names in a certificate that is verified; undefined where its subject has no one common name. */
export function nameOf(certificate: PeerCertificate | undefined): VerifiedCertificate | undefined {
  // An empty object stands for no certificate.
  const { CN, O } = (certificate?.subject ?? {}) as Partial<Record<'CN' | 'O', string | string[]>>;
  if (typeof CN !== 'string' || CN === '') return undefined;
  const { fingerprint256, valid_to } = certificate!;
  return {
    commonName: CN,
    organizations: [O ?? []].flat(),
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfterMs: Date.parse(valid_to),
  };
}
