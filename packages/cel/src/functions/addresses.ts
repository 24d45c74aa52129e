/** IP addresses and networks. */
import { fail, type Int, OpaqueValue } from '../values/value.ts';
import { canonicalAddress, parseAddress } from './address-text.ts';
import { declare, type FunctionDeclaration } from './function.ts';

/** An IP address: 4 or 16 bytes. */
export class IpValue extends OpaqueValue {
  readonly typeName = 'net.IP';
  readonly bytes: readonly number[];
  constructor(bytes: readonly number[]) {
    super();
    this.bytes = bytes;
  }
  override get size(): number {
    return this.bytes.length;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof IpValue && sameBytes(this.bytes, other.bytes);
  }
}

class CidrValue extends OpaqueValue {
  readonly typeName = 'net.CIDR';
  readonly bytes: readonly number[];
  readonly prefix: number;
  constructor(bytes: readonly number[], prefix: number) {
    super();
    this.bytes = bytes;
    this.prefix = prefix;
  }
  override get size(): number {
    return Math.ceil(this.prefix / 8);
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof CidrValue && this.prefix === other.prefix && sameBytes(this.bytes, other.bytes);
  }
}

function sameBytes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The bytes of an address that expressions may use, or what is wrong with it. */
function readAddress(text: string): readonly number[] | string {
  const shown = JSON.stringify(text);
  const bytes = parseAddress(text);
  if (typeof bytes === 'string') return `IP Address ${shown} parse error during conversion from string: ${bytes}`;
  if (bytes.zone) return `IP address ${shown} with zone value is not allowed`;
  if (isMapped(bytes.bytes)) return `IPv4-mapped IPv6 address ${shown} is not allowed`;
  return bytes.bytes;
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
}

function ip(text: string): IpValue {
  const bytes = readAddress(text);
  return typeof bytes === 'string' ? fail(bytes) : new IpValue(bytes);
}

function readNetwork(text: string): CidrValue | string {
  const shown = JSON.stringify(text);
  const problem = (what: string): string =>
    `network address parse error during conversion from string: netip.ParsePrefix(${shown}): ${what}`;
  const slash = text.lastIndexOf('/');
  if (slash < 0) return problem("no '/'");
  const address = parseAddress(text.slice(0, slash));
  if (typeof address === 'string') return problem(address);
  if (address.zone) return problem('IPv6 zones cannot be present in a prefix');
  const bits = text.slice(slash + 1);
  if (!/^\d+$/.test(bits) || (bits.length > 1 && bits.startsWith('0'))) {
    return problem(`bad bits after slash: ${JSON.stringify(bits)}`);
  }
  if (Number(bits) > address.bytes.length * 8) return problem('prefix length out of range');
  if (isMapped(address.bytes)) return `IPv4-mapped IPv6 address ${shown} is not allowed`;
  return new CidrValue(address.bytes, Number(bits));
}

function cidr(text: string): CidrValue {
  const network = readNetwork(text);
  return typeof network === 'string'
    ? fail(`network address parse error during conversion from string: ${network}`)
    : network;
}

function masked({ bytes, prefix }: CidrValue): CidrValue {
  const kept = bytes.map((byte, index) => {
    const bits = Math.min(Math.max(prefix - index * 8, 0), 8);
    return byte & ((0xff << (8 - bits)) & 0xff);
  });
  return new CidrValue(kept, prefix);
}

function containsIp(network: CidrValue, address: IpValue): boolean {
  if (network.bytes.length !== address.bytes.length) return false;
  return sameBytes(masked(network).bytes, masked(new CidrValue(address.bytes, network.prefix)).bytes);
}

function containsIpText(network: CidrValue, text: string): boolean {
  const bytes = readAddress(text);
  return typeof bytes === 'string' ? fail('no such overload') : containsIp(network, new IpValue(bytes));
}

function containsCidr(network: CidrValue, other: CidrValue): boolean {
  return network.prefix <= other.prefix && containsIp(network, new IpValue(other.bytes));
}

const isAll = (bytes: readonly number[], byte: number): boolean => bytes.every((each) => each === byte);
const isUnspecified = ({ bytes }: IpValue): boolean => isAll(bytes, 0);
const isV4 = ({ bytes }: IpValue): boolean => bytes.length === 4;

function isLoopback({ bytes }: IpValue): boolean {
  return bytes.length === 4 ? bytes[0] === 127 : isAll(bytes.slice(0, 15), 0) && bytes[15] === 1;
}

function isLinkLocalMulticast({ bytes }: IpValue): boolean {
  if (bytes.length === 4) return bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0;
  return bytes[0] === 0xff && (bytes[1]! & 0x0f) === 0x02;
}

function isLinkLocalUnicast({ bytes }: IpValue): boolean {
  return bytes.length === 4 ? bytes[0] === 169 && bytes[1] === 254 : bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}

function isMulticast(address: IpValue): boolean {
  return isV4(address) ? (address.bytes[0]! & 0xf0) === 0xe0 : address.bytes[0] === 0xff;
}

/** Every address of one host, but for the special ones. Private ones are among them. */
function isGlobalUnicast(address: IpValue): boolean {
  if (isV4(address) && isAll(address.bytes, 255)) return false;
  return !isUnspecified(address) && !isLoopback(address) && !isMulticast(address) && !isLinkLocalUnicast(address);
}

export const addressFunctions: readonly FunctionDeclaration[] = [
  declare(
    'ip',
    ['string_to_ip', '(string) -> ip', ip],
    ['cidr_ip', 'cidr.() -> ip', ({ bytes }: CidrValue) => new IpValue(bytes)],
  ),
  declare('isIP', ['is_ip', '(string) -> bool', (text: string) => typeof readAddress(text) !== 'string']),
  declare('ip.isCanonical', [
    'ip_is_canonical',
    '(string) -> bool',
    (text: string) => canonicalAddress(ip(text).bytes) === text,
  ]),
  declare('family', ['ip_family', 'ip.() -> int', (address: IpValue): Int => (isV4(address) ? 4 : 6)]),
  declare('isUnspecified', ['ip_is_unspecified', 'ip.() -> bool', isUnspecified]),
  declare('isLoopback', ['ip_is_loopback', 'ip.() -> bool', isLoopback]),
  declare('isLinkLocalMulticast', ['ip_is_link_local_multicast', 'ip.() -> bool', isLinkLocalMulticast]),
  declare('isLinkLocalUnicast', ['ip_is_link_local_unicast', 'ip.() -> bool', isLinkLocalUnicast]),
  declare('isGlobalUnicast', ['ip_is_global_unicast', 'ip.() -> bool', isGlobalUnicast]),
  declare(
    'string',
    ['ip_to_string', '(ip) -> string', ({ bytes }: IpValue) => canonicalAddress(bytes)],
    ['cidr_to_string', '(cidr) -> string', ({ bytes, prefix }: CidrValue) => `${canonicalAddress(bytes)}/${prefix}`],
  ),
  declare('cidr', ['string_to_cidr', '(string) -> cidr', cidr]),
  declare('isCIDR', ['is_cidr', '(string) -> bool', (text: string) => typeof readNetwork(text) !== 'string']),
  declare(
    'containsIP',
    ['cidr_contains_ip_string', 'cidr.(string) -> bool', containsIpText],
    ['cidr_contains_ip_ip', 'cidr.(ip) -> bool', containsIp],
  ),
  declare(
    'containsCIDR',
    [
      'cidr_contains_cidr_string',
      'cidr.(string) -> bool',
      (network: CidrValue, text: string) => containsCidr(network, cidr(text)),
    ],
    ['cidr_contains_cidr', 'cidr.(cidr) -> bool', containsCidr],
  ),
  declare('prefixLength', ['cidr_prefix_length', 'cidr.() -> int', ({ prefix }: CidrValue): Int => prefix]),
  declare('masked', ['cidr_masked', 'cidr.() -> cidr', masked]),
];
