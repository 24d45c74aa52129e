import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

/** An option of a benchmark. A `folder` must exist, and a `number` be one that is not negative. */
interface Option {
  readonly type: 'text' | 'number' | 'folder' | 'flag';
  /** Printed by --help. */
  readonly about: string;
  readonly default?: string | number;
  /** The only values that there are. */
  readonly choices?: readonly string[];
  readonly required?: true;
}

type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O['type'] extends 'flag'
  ? boolean
  :
      | (O['type'] extends 'number' ? number : string)
      | (O extends { default: unknown } | { required: true } ? never : undefined);

export type Values<O extends Options> = { readonly [K in keyof O]: ValueOf<O[K]> };

/** The command line as values, or the text to end with. */
type Outcome<O extends Options> = { readonly values: Values<O> } | { readonly text: string; readonly code: 0 | 2 };

/**
 * The values of a benchmark's options, from its command line. Ends the process where help was asked for, or where the command
 * line makes no sense, with a sentence that says why.
 */
export function readArguments<const O extends Options>(about: string, options: O): Values<O> {
  const outcome = parseArguments(process.argv[1] ?? 'program', about, options, process.argv.slice(2));
  if ('values' in outcome) return outcome.values;
  if (outcome.code !== 0) refuse(outcome.text);
  process.stdout.write(`${outcome.text}\n`);
  process.exit(0);
}

/** Ends the process with a sentence that says why it cannot run. */
export function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

/** The same without a process. */
export function parseArguments<const O extends Options>(
  program: string,
  about: string,
  options: O,
  args: readonly string[],
): Outcome<O> {
  const problem = (text: string) =>
    ({ text: `${basename(program)}: ${text}; --help lists the options`, code: 2 }) as const;
  const specs = Object.entries<Option>(options);
  const types = specs.map(([name, { type }]) => [name, { type: type === 'flag' ? 'boolean' : 'string' }] as const);
  let given: Record<string, string | boolean | undefined>;
  try {
    const known = { ...Object.fromEntries(types), help: { type: 'boolean' } } as const;
    given = parseArgs({ args: [...args], options: known }).values as typeof given;
  } catch (error) {
    return problem((error as Error).message.split('.')[0]!);
  }
  if (given.help === true) return { text: helpText(program, about, specs), code: 0 };
  const values: Record<string, unknown> = {};
  for (const [name, option] of specs) {
    const text = given[name] ?? option.default;
    if (text === undefined && option.required) return problem(`--${name} is missing: ${option.about}`);
    if (option.type === 'number' && text !== undefined && !(Number(text) >= 0)) {
      return problem(`--${name}: must be a number, is ${JSON.stringify(text)}`);
    }
    if (option.type === 'folder' && text !== undefined && !isFolder(String(text))) {
      return problem(`--${name}: there is no folder ${JSON.stringify(text)}`);
    }
    if (option.choices !== undefined && text !== undefined && !option.choices.includes(String(text))) {
      return problem(`--${name}: must be one of ${option.choices.join(', ')}, is ${JSON.stringify(text)}`);
    }
    values[name] =
      option.type === 'flag' ? text === true : option.type === 'number' && text !== undefined ? Number(text) : text;
  }
  return { values: values as Values<O> };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function helpText(program: string, about: string, specs: readonly (readonly [string, Option])[]): string {
  const rows = specs.map(([name, option]): [string, string] => {
    const value = option.type === 'flag' ? '' : ` <${option.choices?.join('|') ?? option.type}>`;
    const fallback = option.default === undefined ? '' : ` (${option.default})`;
    return [`--${name}${value}`, `${option.about}${option.required ? ' (required)' : fallback}`];
  });
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  return [
    `Usage: scripts/node bench/src/${basename(program)}${rows.length > 0 ? ' [options]' : ''}`,
    '',
    about,
    ...(lines.length > 0 ? ['', ...lines] : []),
  ].join('\n');
}
