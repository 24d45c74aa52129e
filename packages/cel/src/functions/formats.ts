/** Named formats of texts, such as names of objects. */
import {
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '@gantry/model/validation/names.ts';
import { parseDate, parseTimestamp } from '../values/times.ts';
import { ArrayList, OpaqueValue, OptionalValue } from '../values/value.ts';
import { declare, type FunctionDeclaration } from './function.ts';
import { parseUrl } from './url-text.ts';

class FormatValue extends OpaqueValue {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;
  readonly problems: (text: string) => readonly string[];
  constructor(name: string, problems: (text: string) => readonly string[]) {
    super();
    this.name = name;
    this.problems = problems;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof FormatValue && this.name === other.name;
  }
}

/** A prefix may end in a dash: the name that it becomes does not. */
const prefix =
  (problems: (text: string) => readonly string[]) =>
  (text: string): readonly string[] =>
    problems(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);

const test =
  (isRight: (text: string) => boolean, problem: string) =>
  (text: string): readonly string[] =>
    isRight(text) ? [] : [problem];

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function uriProblems(text: string): readonly string[] {
  const parts = parseUrl(text);
  return typeof parts === 'string' ? [parts] : [];
}

const formats: ReadonlyMap<string, FormatValue> = new Map(
  Object.entries({
    dns1123Label: new FormatValue('DNS1123Label', dnsLabelProblems),
    dns1123Subdomain: new FormatValue('DNS1123Subdomain', dnsSubdomainProblems),
    dns1035Label: new FormatValue('DNS1035Label', dns1035LabelProblems),
    qualifiedName: new FormatValue('QualifiedName', qualifiedNameProblems),
    dns1123LabelPrefix: new FormatValue('DNS1123LabelPrefix', prefix(dnsLabelProblems)),
    dns1123SubdomainPrefix: new FormatValue('DNS1123SubdomainPrefix', prefix(dnsSubdomainProblems)),
    dns1035LabelPrefix: new FormatValue('DNS1035LabelPrefix', prefix(dns1035LabelProblems)),
    labelValue: new FormatValue('LabelValue', labelValueProblems),
    uri: new FormatValue('URI', uriProblems),
    uuid: new FormatValue(
      'uuid',
      test((text) => uuid.test(text), 'does not match the UUID format'),
    ),
    byte: new FormatValue(
      'byte',
      test((text) => base64.test(text), 'invalid base64'),
    ),
    date: new FormatValue(
      'date',
      test((text) => parseDate(text) !== undefined, 'invalid date'),
    ),
    datetime: new FormatValue(
      'datetime',
      test((text) => parseTimestamp(text, false) !== undefined, 'invalid datetime'),
    ),
  }),
);

function validate(format: FormatValue, text: string): OptionalValue {
  const problems = format.problems(text);
  return problems.length === 0 ? OptionalValue.none : new OptionalValue(new ArrayList(problems));
}

export const formatFunctions: readonly FunctionDeclaration[] = [
  ...[...formats].map(([name, format]) => declare(`format.${name}`, [`format.${name}`, '() -> format', () => format])),
  declare('format.named', [
    'format-named',
    '(string) -> optional(format)',
    (name: string) => {
      const format = formats.get(name);
      return format === undefined ? OptionalValue.none : new OptionalValue(format);
    },
  ]),
  declare('validate', ['format-validate', 'format.(string) -> optional(list(string))', validate]),
];
