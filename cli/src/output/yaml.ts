import { Document, visit } from 'yaml';

/**
 * Plain words that some reader of YAML takes for something else than a string, after the types of the YAML 1.1 repository
 * (yaml.org/type), the core schema of YAML 1.2, and the spellings that go-yaml, PyYAML and Psych add. kubectl, kustomize,
 * Helm and Ansible read YAML 1.1.
 */
const typed: readonly RegExp[] = [
  // null, bool, merge, value
  /^(?:~|null|y|yes|n|no|true|false|on|off|<<|=)?$/i,
  // int: binary, octal of either version, hexadecimal, decimal with groups, base 60
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-f_]+|\d[\d_,]*|\d[\d_]*(?::[0-5]?\d)+)$/i,
  // float, base 60 too
  /^[-+]?(?:\d[\d_,]*)?\.?[\d_]*(?:e[-+]?\d+)?$/i,
  /^[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*$/,
  /^[-+]?\.(?:inf|nan)$/i,
  // timestamp
  /^\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::?\d\d)?))?)?$/,
];

/** Longer words are none of these types, or numbers that nobody writes. */
const maxTypedLength = 64;

/** Characters that YAML 1.1 takes for line breaks or does not take at all, unless they are escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const special = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\p{Surrogate}/u;

/** A value as YAML that readers of version 1.1 and 1.2 understand alike. */
export function formatYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string' && needsQuotes(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  const text = document.toString({ lineWidth: 0 });
  // They stand in quotes, where an escape means the same.
  return text.replace(
    new RegExp(special, 'gu'),
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text that some readers take for less than it is outside of quotes: a tab in a line, and lines of spaces alone. */
const fragile = /^[^\n]*\t[^\n]*$|^\s+$/;

function needsQuotes(text: string): boolean {
  if (text.length <= maxTypedLength && typed.some((type) => type.test(text))) return true;
  return fragile.test(text) || special.test(text);
}
