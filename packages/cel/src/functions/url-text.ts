/** Texts of absolute URLs and paths, as Go's url.ParseRequestURI takes them. */

export interface Parts {
  readonly text: string;
  readonly scheme: string;
  /** With its port. */
  readonly host: string;
  /** With its escapes. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/** The parts of a URL, or what is wrong with it. */
export function parseUrl(text: string): Parts | string {
  const failed = (what: string): string => `parse ${JSON.stringify(text)}: ${what}`;
  if ([...text].some((character) => character < ' ' || character === '\u007f'))
    return failed('net/url: invalid control character in URL');
  if (text === '') return failed('empty url');
  if (text.startsWith(':')) return failed('missing protocol scheme');
  const [, scheme = '', afterScheme] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(.*)$/s.exec(text)!;
  const [beforeFragment] = afterScheme!.split('#') as [string];
  const [hierarchy, ...queries] = beforeFragment.split('?') as [string, ...string[]];
  const query = queries.join('?');
  if (!hierarchy.startsWith('/')) {
    // A scheme makes it absolute: mailto:someone. Without one it is relative.
    if (scheme === '') return failed('invalid URI for request');
    return { text, scheme: scheme.toLowerCase(), host: '', path: '', query };
  }
  const hasHost = hierarchy.startsWith('//') && scheme !== '';
  const [, authority = '', path = ''] = hasHost ? /^\/\/([^/]*)(.*)$/s.exec(hierarchy)! : ['', '', hierarchy];
  const problem = authorityProblem(authority) ?? escapeProblem(path);
  if (problem !== undefined) return failed(problem);
  return {
    text,
    scheme: scheme.toLowerCase(),
    host: decodeURIComponent(authority.slice(authority.lastIndexOf('@') + 1)),
    path: escapedPath(path),
    query,
  };
}

function authorityProblem(authority: string): string | undefined {
  const at = authority.lastIndexOf('@');
  if (at >= 0 && !/^[\w.:~!$&'()*+,;=%@-]*$/.test(authority.slice(0, at))) return 'net/url: invalid userinfo';
  const host = authority.slice(at + 1);
  const rest = host.startsWith('[') ? host.slice(host.lastIndexOf(']') + 1) : host;
  if (host.startsWith('[') && !host.includes(']')) return "missing ']' in host";
  const port = /:([^:]*)$/.exec(rest)?.[1];
  if (port !== undefined && !/^\d*$/.test(port)) return `invalid port ${JSON.stringify(`:${port}`)} after host`;
  const wrong = /[^\w.~!$&'()*+,;=:[\]<>"%\u0080-\uffff-]/.exec(host)?.[0];
  if (wrong !== undefined) return `invalid character ${JSON.stringify(wrong)} in host name`;
  return escapeProblem(host);
}

function escapeProblem(text: string): string | undefined {
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text)?.[0];
  return wrong === undefined ? undefined : `invalid URL escape ${JSON.stringify(wrong)}`;
}

/** The path as it was written, where that is a valid encoding; its own encoding elsewhere. */
function escapedPath(path: string): string {
  if (/^[\w.~!$&'()*+,;=:@/%[\]-]*$/.test(path)) return path;
  return [...Buffer.from(decodeBytes(path))]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[\w.~$&+,/:;=@-]/.test(character) && byte < 0x80
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function decodeBytes(path: string): Uint8Array {
  const bytes: number[] = [];
  for (const [part] of path.matchAll(/%[0-9a-fA-F]{2}|[^%]+/gs)) {
    if (part.startsWith('%')) bytes.push(Number.parseInt(part.slice(1), 16));
    else bytes.push(...Buffer.from(part));
  }
  return new Uint8Array(bytes);
}
