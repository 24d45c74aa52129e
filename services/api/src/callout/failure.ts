import { GantryError, isError, type Reason, reasonTable } from '@gantry/runtime/errors.ts';

// Failures of calls in the words that Kubernetes' api server has for them, which are those of Go's libraries.

/** The error of a call that got no answer. @param address As errors name it. */
export function unanswered(address: string, error: unknown): GantryError {
  const reason = isError(error, 'Cancelled', 'Timeout') ? error.reason : 'ServiceUnavailable';
  return new GantryError(reason, `Post ${JSON.stringify(address)}: ${wordsOf(error)}`, { cause: error });
}

/** The error of a call whose answer broke off. */
export function brokenOff(error: unknown): GantryError {
  const text = `unexpected error when reading response body. Please retry. Original error: ${wordsOf(error)}`;
  return new GantryError('ServiceUnavailable', text, { cause: error });
}

const certificateProblems: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority',
  CERT_SIGNATURE_FAILURE: 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'x509: certificate has expired or is not yet valid',
};

const connectionProblems: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
};

interface NodeError extends Error {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  readonly cert?: { readonly subjectaltname?: string };
  readonly host?: string;
}

/** A failure in the words of Go, or its own where there are none. */
export function wordsOf(thrown: unknown): string {
  // Several addresses were tried: the last one speaks for all.
  const error = (thrown instanceof AggregateError ? thrown.errors.at(-1) : thrown) as NodeError;
  if (!(error instanceof Error)) return String(thrown);
  const { code = '' } = error;
  if (Object.hasOwn(connectionProblems, code)) {
    const { address = '', port } = error;
    const at = address === '' ? '' : ` ${address.includes(':') ? `[${address}]` : address}:${port}`;
    return `dial tcp${at}: ${connectionProblems[code]}`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `dial tcp: lookup ${error.hostname}: no such host`;
  if (Object.hasOwn(certificateProblems, code)) {
    return `tls: failed to verify certificate: ${certificateProblems[code]}`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `tls: failed to verify certificate: ${otherNames(error)}`;
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return error.message.includes('alert')
      ? `remote error: tls: ${error.message}`
      : 'http: server gave HTTP response to HTTPS client';
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'EOF';
  if (code.startsWith('HPE_')) return `net/http: HTTP/1.x transport connection broken: malformed HTTP response`;
  return error.message;
}

function otherNames({ host = '', cert }: NodeError): string {
  const names = (cert?.subjectaltname ?? '').split(', ').filter(Boolean);
  const isAddress = /^[\d.]+$|:/.test(host);
  const type = isAddress ? 'IP Address:' : 'DNS:';
  const same = names.filter((name) => name.startsWith(type)).map((name) => name.slice(type.length));
  if (isAddress && same.length === 0) {
    return `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
  }
  if (same.length === 0) return `x509: certificate is not valid for any names, but wanted to match ${host}`;
  return `x509: certificate is valid for ${same.join(', ')}, not ${host}`;
}

/** Characters of an answer that an error shows. */
const maxShownChars = 2_048;

/** Messages for statuses, as clients of Kubernetes show them. Those of others say no more than their number. */
const statusMessages: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  406: 'the server was unable to respond with a content type that the client supports',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** The error of an answer with a status other than success. */
export function refusedWith(status: number, contentType: string, body: string): GantryError {
  const reason = reasonOf(status);
  const told = statusMessageIn(body);
  if (told !== undefined) return new GantryError(reason, told);
  const isText = contentType === '' || contentType.startsWith('text/');
  const shown = isText ? body.slice(0, maxShownChars).trim() : 'unknown';
  if (status === 403 || status === 415) return new GantryError(reason, shown);
  const message =
    statusMessages[status] ??
    (status >= 500
      ? `an error on the server (${JSON.stringify(shown)}) has prevented the request from succeeding`
      : `the server responded with the status code ${status} but did not return more information`);
  return new GantryError(reason, message);
}

/** The message of a body that is itself a Status. */
function statusMessageIn(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const { kind, message } = JSON.parse(body) as { readonly kind?: unknown; readonly message?: unknown };
    return kind === 'Status' && typeof message === 'string' && message !== '' ? message : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(status: number): Reason {
  const found = Object.entries(reasonTable).find(([, { http }]) => http === status)?.[0];
  if (found !== undefined) return found as Reason;
  return status >= 500 ? 'InternalError' : 'BadRequest';
}
