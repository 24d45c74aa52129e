/** The form of image references (distribution's reference grammar), with a name that is completed as Docker does it. */

const maxNameChars = 255;
const host =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])';
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const tag = ':[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}';
const digest = '@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^(${host}(?::[0-9]+)?/)?(${component}(?:/${component})*)(?:${tag})?(?:${digest})?$`);

/** Why the text names no image, in the words of container runtimes; undefined if it does. A path of the machine is the process driver's. */
export function referenceProblem(text: string): string | undefined {
  if (text.startsWith('/')) return undefined;
  if (/^[a-f0-9]{64}$/.test(text)) {
    return `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`;
  }
  const { domain, remainder } = split(text);
  const [name = ''] = remainder.split(':');
  if (name.toLowerCase() !== name) return `invalid reference format: repository name (${name}) must be lowercase`;
  const match = reference.exec(`${domain}/${remainder}`);
  if (match === null) return 'invalid reference format';
  return (match[2] ?? '').length > maxNameChars
    ? `repository name must not be more than ${maxNameChars} characters`
    : undefined;
}

function split(text: string): { readonly domain: string; readonly remainder: string } {
  const at = text.indexOf('/');
  const first = text.slice(0, Math.max(0, at));
  const isDomain = at >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  if (isDomain) return { domain: first, remainder: text.slice(at + 1) };
  return { domain: 'docker.io', remainder: at < 0 ? `library/${text}` : text };
}
