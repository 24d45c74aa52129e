/** Versions of software, as semver.org has them. */
import { intOf } from '../values/numbers.ts';
import { fail, type Int, OpaqueValue } from '../values/value.ts';
import { declare, type FunctionDeclaration } from './function.ts';

class SemverValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Semver';
  /** Major, minor, patch. */
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];
  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof SemverValue && compareVersions(this, other) === 0;
  }
}

const parts = ['Major', 'Minor', 'Patch'] as const;
const maxNumber = 2n ** 64n;

/** The version, or what is wrong with its text. */
function parse(text: string): SemverValue | string {
  if (text === '') return 'Version string empty';
  const fields = /^([^.]*)\.([^.]*)\.(.*)$/s.exec(text)?.slice(1);
  if (fields === undefined) return 'No Major.Minor.Patch elements found';
  const [, patch, prerelease, build] = /^([^-+]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(fields[2]!)!;
  const numbers = [fields[0]!, fields[1]!, patch!];
  for (const [index, number] of numbers.entries()) {
    const problem = numberProblem(number, parts[index]!);
    if (problem !== undefined) return problem;
  }
  const [before, after] = [prerelease?.split('.') ?? [], build?.split('.') ?? []];
  for (const part of before) {
    if (part === '') return 'Prerelease is empty';
    if (!/^[0-9A-Za-z-]+$/.test(part)) return `Invalid character(s) found in prerelease ${JSON.stringify(part)}`;
    if (/^0\d+$/.test(part))
      return `Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(part)}`;
  }
  for (const part of after) {
    if (part === '') return 'Build meta data is empty';
    if (!/^[0-9A-Za-z-]+$/.test(part)) return `Invalid character(s) found in build meta data ${JSON.stringify(part)}`;
  }
  return new SemverValue(numbers.map(BigInt), before);
}

function numberProblem(text: string, part: string): string | undefined {
  const shown = JSON.stringify(text);
  if (!/^\d*$/.test(text)) return `Invalid character(s) found in ${part.toLowerCase()} number ${shown}`;
  if (text.length > 1 && text.startsWith('0')) return `${part} number must not contain leading zeroes ${shown}`;
  if (text === '') return `strconv.ParseUint: parsing ${shown}: invalid syntax`;
  return BigInt(text) < maxNumber ? undefined : `strconv.ParseUint: parsing ${shown}: value out of range`;
}

/** The same, of a text that may have a v before, zeros before its numbers, and fewer numbers. */
function parseTolerant(text: string): SemverValue | string {
  const fields = (/^v?([^.]*)(?:\.([^.]*))?(?:\.(.*))?$/s.exec(text)?.slice(1) ?? []).filter(
    (field) => field !== undefined,
  );
  const trimmed = fields.map((field) =>
    field.length > 1 ? field.replace(/^0+/, '').replace(/^(?=\D|$)/, '0') : field,
  );
  if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1) ?? '')) {
    return 'short version cannot contain PreRelease/Build meta data';
  }
  while (trimmed.length < 3) trimmed.push('0');
  return parse(trimmed.join('.'));
}

const read = (text: string, isTolerant = false): SemverValue | string =>
  isTolerant ? parseTolerant(text) : parse(text);

function semver(text: string, isTolerant?: boolean): SemverValue {
  const version = read(text, isTolerant);
  return typeof version === 'string' ? fail(version) : version;
}

const isSemver = (text: string, isTolerant?: boolean): boolean => typeof read(text, isTolerant) !== 'string';

function compareVersions(a: SemverValue, b: SemverValue): number {
  for (const [index, number] of a.numbers.entries()) {
    if (number !== b.numbers[index]) return number > b.numbers[index]! ? 1 : -1;
  }
  // A version is after all that go before its release.
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return Math.sign(b.prerelease.length - a.prerelease.length);
  for (const [index, part] of a.prerelease.entries()) {
    const other = b.prerelease[index];
    if (other === undefined) return 1;
    const order = comparePrereleases(part, other);
    if (order !== 0) return order;
  }
  return a.prerelease.length < b.prerelease.length ? -1 : 0;
}

function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return a < b ? -1 : 1;
}

const part =
  (index: number) =>
  ({ numbers }: SemverValue): Int =>
    intOf(BigInt.asIntN(64, numbers[index]!));

export const semverFunctions: readonly FunctionDeclaration[] = [
  declare(
    'semver',
    ['string_to_semver', '(string) -> semver', semver],
    ['string_bool_to_semver', '(string, bool) -> semver', semver],
  ),
  declare(
    'isSemver',
    ['is_semver_string', '(string) -> bool', isSemver],
    ['is_semver_string_bool', '(string, bool) -> bool', isSemver],
  ),
  declare('isGreaterThan', [
    'semver_is_greater_than',
    'semver.(semver) -> bool',
    (a: SemverValue, b: SemverValue) => compareVersions(a, b) > 0,
  ]),
  declare('isLessThan', [
    'semver_is_less_than',
    'semver.(semver) -> bool',
    (a: SemverValue, b: SemverValue) => compareVersions(a, b) < 0,
  ]),
  declare('compareTo', ['semver_compare_to', 'semver.(semver) -> int', compareVersions]),
  declare('major', ['semver_major', 'semver.() -> int', part(0)]),
  declare('minor', ['semver_minor', 'semver.() -> int', part(1)]),
  declare('patch', ['semver_patch', 'semver.() -> int', part(2)]),
];
