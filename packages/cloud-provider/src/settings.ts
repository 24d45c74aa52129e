/** How to reach a provider: the settings of Kubernetes' external provider, in the same words. */
import { readFileSync } from 'node:fs';
import { hostCredentials } from '@gantry/client/credentials.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import { type CertificatePaths, followCertificates } from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { ChannelCredentials } from '@grpc/grpc-js';
import { parse } from 'yaml';

/** Bound of one call, in milliseconds, where nothing else is said; that of Kubernetes' autoscaler. */
export const defaultProviderTimeoutMs = 5_000;
const maxTimeoutMs = 10 * 60_000;

/** A provider's address, and how both sides prove who they are. */
export interface ProviderSettings {
  /** `host:port`, or `unix:/path` of a socket that the file system guards. */
  readonly address: string;
  /** Certificates for mutual TLS; the server is known by its host. */
  readonly certificates?: CertificatePaths | undefined;
  /** Allows plain text over the network, where the operator vouches for it: anybody there could start and end nodes. */
  readonly insecure: boolean;
  /** Bound of one call, in milliseconds. */
  readonly timeoutMs: number;
}

/** Throws Invalid where the address cannot be, or where neither certificates nor a socket guard it. */
export function checkSettings(settings: ProviderSettings): ProviderSettings {
  const { address, certificates, insecure } = settings;
  const isSocket = address.startsWith('unix:');
  if (isSocket && !address.startsWith('unix:/'))
    throw invalid(`address ${JSON.stringify(address)}: must be unix:/path`);
  if (!isSocket) parseAddress(address);
  if (isSocket || certificates !== undefined || insecure) return settings;
  throw invalid(
    `address ${JSON.stringify(address)}: key, cert and cacert are needed, or a Unix socket, or insecure for plain text`,
  );
}

/** Reads a file like that of `--cloud-config` of Kubernetes' autoscaler: address, key, cert, cacert, grpc_timeout; and `insecure`. */
export function readProviderSettings(path: string): ProviderSettings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new GantryError('FailedPrecondition', `the provider's settings cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    return parseProviderSettings(text);
  } catch (error) {
    throw new GantryError('Invalid', `${path}: ${(error as Error).message}`, { cause: error });
  }
}

const known = ['address', 'key', 'cert', 'cacert', 'grpc_timeout', 'insecure'];

/** The settings in a text of YAML. Throws Invalid, naming the field. */
export function parseProviderSettings(text: string): ProviderSettings {
  const read: unknown = parse(text);
  if (typeof read !== 'object' || read === null || Array.isArray(read)) throw invalid('must be a mapping');
  const fields = read as Record<string, unknown>;
  for (const name of Object.keys(fields)) if (!known.includes(name)) throw invalid(`unknown field "${name}"`);
  const textOf = (name: string): string | undefined => {
    const value = fields[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') throw invalid(`${name}: must be a text`);
    return value;
  };
  const address = textOf('address');
  if (address === undefined) throw invalid('address: required');
  const insecure = fields.insecure ?? false;
  if (typeof insecure !== 'boolean') throw invalid('insecure: must be true or false');
  const [key, cert, ca] = [textOf('key'), textOf('cert'), textOf('cacert')];
  return checkSettings({
    address,
    certificates: certificatesOf({ key, cert, ca }),
    insecure,
    timeoutMs: durationMs(textOf('grpc_timeout')),
  });
}

/** All three paths or none. Throws Invalid where some are missing. */
export function certificatesOf(
  paths: {
    readonly [name in keyof CertificatePaths]: string | undefined;
  },
): CertificatePaths | undefined {
  const { key, cert, ca } = paths;
  if (key !== undefined && cert !== undefined && ca !== undefined) return { key, cert, ca };
  if (key === undefined && cert === undefined && ca === undefined) return undefined;
  throw invalid('key, cert and cacert: all three are needed, or none');
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** A duration such as 5s, 500ms or 1m30s. */
function durationMs(text: string | undefined): number {
  if (text === undefined) return defaultProviderTimeoutMs;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m)/g)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text;
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit!]!, 0);
  if (isWhole && ms >= 1 && ms <= maxTimeoutMs) return ms;
  throw invalid(`grpc_timeout: ${JSON.stringify(text)} must be a duration such as 5s, of at most 10m`);
}

/** Target and transport of gRPC. */
export function transportOf(settings: ProviderSettings): {
  readonly target: string;
  readonly credentials: ChannelCredentials;
} {
  const { address, certificates } = checkSettings(settings);
  if (certificates === undefined || address.startsWith('unix:')) {
    return { target: address, credentials: ChannelCredentials.createInsecure() };
  }
  return { target: address, credentials: hostCredentials(followCertificates(certificates)) };
}

function invalid(text: string): GantryError {
  return new GantryError('Invalid', `provider: ${text}`);
}
