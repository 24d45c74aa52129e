/**
 * Tests of the forms that names, labels, ports and addresses must have. Each returns what is wrong with a value, in Kubernetes'
 * words (k8s.io/apimachinery util/validation), and nothing where it is right.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Characters of a label's value, of the name part of its key, and of a DNS label. */
const maxLabelChars = 63;
const maxSubdomainChars = 253;
const maxPortNameChars = 15;
/** Largest user and group id. */
const maxId = 2 ** 31 - 1;

const labelForm = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomainForm = `${labelForm}(\\.${labelForm})*`;
const wildcardForm = `\\*\\.${subdomainForm}`;
const label1035Form = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedForm = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValueForm = `(${qualifiedForm})?`;
const configKeyForm = '[-._a-zA-Z0-9]+';
const percentForm = '[0-9]+%';
const conditionReasonForm = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const headerForm = '[-A-Za-z0-9]+';
const pathForm = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const envForm = /^[\x20-\x3c\x3e-\x7e]+$/;

const whole = (form: string): RegExp => new RegExp(`^${form}$`);
const label = whole(labelForm);
const subdomain = whole(subdomainForm);
const wildcardDomain = whole(wildcardForm);
const label1035 = whole(label1035Form);
const qualified = whole(qualifiedForm);
const labelValue = whole(labelValueForm);
const configKey = whole(configKeyForm);
const percent = whole(percentForm);
const conditionReason = whole(conditionReasonForm);
const header = whole(headerForm);
const httpPath = whole(pathForm);

/** A name such as my-name: of volumes, containers, namespaces. */
export function dnsLabelProblems(value: string): string[] {
  const problems = tooLongFor(value, maxLabelChars);
  if (label.test(value)) return problems;
  if (subdomain.test(value)) return [...problems, 'must not contain dots'];
  const text =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...problems, withForm(text, labelForm, 'my-name', '123-abc')];
}

/** A name such as example.com: of most objects. */
export function dnsSubdomainProblems(value: string): string[] {
  const problems = tooLongFor(value, maxSubdomainChars);
  if (subdomain.test(value)) return problems;
  const text =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, withForm(text, subdomainForm, 'example.com')];
}

/** A name such as Example.com: of CSI drivers. */
export function anyCaseSubdomainProblems(value: string): string[] {
  const problems = tooLongFor(value, maxSubdomainChars);
  if (subdomain.test(value.toLowerCase())) return problems;
  const text =
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, withForm(text, subdomainForm, 'Example.com')];
}

/** A domain of which the first label stands for any, such as *.example.com. */
export function wildcardDomainProblems(value: string): string[] {
  const problems = tooLongFor(value, maxSubdomainChars);
  if (wildcardDomain.test(value)) return problems;
  const text =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [...problems, withForm(text, wildcardForm, '*.example.com')];
}

/** A name such as Example.com: of drivers, where they are referred to. */
export function caselessSubdomainProblems(value: string): string[] {
  const problems = tooLongFor(value, maxSubdomainChars);
  if (subdomain.test(value.toLowerCase())) return problems;
  const text =
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, withForm(text, subdomainForm, 'Example.com')];
}

/** A name such as abc-123 that starts with a letter: of services. */
export function dns1035LabelProblems(value: string): string[] {
  const problems = tooLongFor(value, maxLabelChars);
  if (label1035.test(value)) return problems;
  const text =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return [...problems, withForm(text, label1035Form, 'my-name', 'abc-123')];
}

/** A key of labels, such as app or example.com/tier. */
export function qualifiedNameProblems(value: string): string[] {
  const parts = value.split('/');
  const text =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const [prefix, name] = parts.length === 1 ? [undefined, parts[0]!] : [parts[0]!, parts[1]!];
  if (parts.length > 2) {
    const form = withForm(
      text.replace('name part', 'a valid label key'),
      qualifiedForm,
      'MyName',
      'my.name',
      '123-abc',
    );
    return [`${form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  if (prefix === '') problems.push('prefix part must be non-empty');
  else if (prefix !== undefined) {
    problems.push(...dnsSubdomainProblems(prefix).map((problem) => `prefix part ${problem}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else problems.push(...tooLongFor(name, maxLabelChars).map((problem) => `name part ${problem}`));
  if (!qualified.test(name)) problems.push(withForm(text, qualifiedForm, 'MyName', 'my.name', '123-abc'));
  return problems;
}

/** A path below a domain, such as acme.io/foo. */
export function domainPrefixedPathProblems(value: string): string[] {
  const at = value.indexOf('/');
  if (at <= 0 || at === value.length - 1) return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  const problems = dnsSubdomainProblems(value.slice(0, at));
  return httpPath.test(value.slice(at + 1))
    ? problems
    : [...problems, `Invalid path (regex used for validation is '${pathForm}')`];
}

/** A label's value; may be empty. */
export function labelValueProblems(value: string): string[] {
  const problems = tooLongFor(value, maxLabelChars, 'bytes');
  if (labelValue.test(value)) return problems;
  const text =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return [...problems, withForm(text, labelValueForm, 'MyValue', 'my_value', '12345')];
}

/** The name of an environment variable: printable ASCII but `=`. */
export function envNameProblems(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  return envForm.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret, which may become a file's name. */
export function configKeyProblems(value: string): string[] {
  const problems = tooLongFor(value, maxSubdomainChars);
  if (!configKey.test(value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(withForm(text, configKeyForm, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') problems.push("must not be '.'");
  else if (value === '..') problems.push("must not be '..'");
  else if (value.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** A name that may stand in a path, such as that of a role. */
export function pathSegmentProblems(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}

/** The reason of a condition: one word for programs. */
export function conditionReasonProblems(value: string): string[] {
  const text =
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
  const examples = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'];
  return conditionReason.test(value) ? [] : [withForm(text, conditionReasonForm, ...examples)];
}

/** A port's name, such as http. */
export function portNameProblems(value: string): string[] {
  const problems = tooLongFor(value, maxPortNameChars);
  if (!/^[-a-z0-9]+$/.test(value))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

/** A port's number. */
export function portNumberProblems(value: number): string[] {
  return rangeProblems(value, 1, 65535);
}

/** A port by number or by name. */
export function portProblems(value: number | string): string[] {
  return typeof value === 'number' ? portNumberProblems(value) : portNameProblems(value);
}

/** A percentage such as 25%. */
export function percentProblems(value: string): string[] {
  const text = "a valid percent string must be a numeric string followed by an ending '%'";
  return percent.test(value) ? [] : [withForm(text, percentForm, '1%', '93%')];
}

/** The name of an HTTP header. */
export function headerNameProblems(value: string): string[] {
  const text = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return header.test(value) ? [] : [withForm(text, headerForm, 'X-Header-Name')];
}

/** The number of a user or a group. */
export function idProblems(value: number): string[] {
  return rangeProblems(value, 0, maxId);
}

/** An IPv4 or IPv6 address. */
export function ipProblems(value: string): string[] {
  if (isIP(value) === 0 && isIP(value.replace(/(^|\.)0+(?=\d)/g, '$1')) === 4) return ['must not have leading 0s'];
  if (isIP(value) === 0) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  return isMapped(value) ? ['must not be an IPv4-mapped IPv6 address'] : [];
}

/** An IPv6 address as browsers write it. */
function canonicalIpv6(value: string): string {
  return new URL(`http://[${value.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
}

/** True for an IPv4 address in the clothes of IPv6, such as ::ffff:10.0.0.1. */
function isMapped(value: string): boolean {
  return isIPv6(value) && canonicalIpv6(value).startsWith('::ffff:');
}

/** An IP address in the one form that Kubernetes takes in new fields: 2001:db8::1, not 2001:DB8:0::1 or ::ffff:10.0.0.1. */
export function canonicalIpProblems(value: string): string[] {
  const problems = ipProblems(value);
  if (problems.length > 0 || !isIPv6(value)) return problems;
  const canonical = canonicalIpv6(value);
  return canonical === value ? [] : [`must be in canonical form ("${canonical}")`];
}

/** Addresses that only mean something on the machine or link where they are used. */
const localRanges: readonly (readonly [problem: string, ranges: BlockList])[] = [
  ['may not be unspecified (0.0.0.0)', rangesOf('0.0.0.0/32')],
  ['may not be unspecified (::)', rangesOf('::/128')],
  ['may not be in the loopback range (127.0.0.0/8, ::1/128)', rangesOf('127.0.0.0/8', '::1/128')],
  ['may not be in the link-local range (169.254.0.0/16, fe80::/10)', rangesOf('169.254.0.0/16', 'fe80::/10')],
  ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)', rangesOf('224.0.0.0/24', 'ff02::/16')],
];

function rangesOf(...ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** An address that traffic from elsewhere can be sent to, however it is written: CVE-2021-25737 is about those that cannot. */
export function reachableAddressProblems(value: string): string[] {
  return localRanges
    .filter(([, ranges]) => ranges.check(value, isIPv6(value) ? 'ipv6' : 'ipv4'))
    .map(([problem]) => problem);
}

/** A range of addresses, such as 10.9.0.0/16. */
export function cidrProblems(value: string): string[] {
  const [address = '', bits = '', ...more] = value.split('/');
  const maxBits = isIPv6(address) ? 128 : 32;
  const right = isIP(address) !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= maxBits;
  return right ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
}

function rangeProblems(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [`must be between ${low} and ${high}, inclusive`];
}

function tooLongFor(value: string, maxChars: number, unit = 'characters'): string[] {
  return value.length > maxChars ? [`must be no more than ${maxChars} ${unit}`] : [];
}

function withForm(text: string, form: string, ...examples: readonly string[]): string {
  // The comma before "or" is Kubernetes' own.
  return `${text} (e.g. ${examples.map((each) => `'${each}', `).join(' or ')}regex used for validation is '${form}')`;
}
