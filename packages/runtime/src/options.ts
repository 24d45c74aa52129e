/** Settings of a process: each is a flag of the command line and a variable of the environment; flags go first. */
import { parseArgs } from 'node:util';
import { GantryError } from './errors.ts';

/** The variables of a process. */
export type Env = Readonly<Record<string, string | undefined>>;

/** How a setting is named and given. */
export interface OptionSpec {
  /** Name of the environment variable. */
  readonly env: string;
  /**
   * `text` by default. A `list` is a flag that may be repeated, or a variable with commas. A `switch` is true or false; its
   * flag may stand alone for true.
   */
  readonly form?: 'text' | 'list' | 'switch';
}

/** Bounds of a number, both inclusive. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** Fractions are refused. */
  readonly whole?: boolean;
}

/**
 * Names each flag's variable by a prefix: `pod-cidr` is GANTRY_POD_CIDR for the prefix `GANTRY_`.
 * @param forms The forms of those that are no plain texts.
 */
export function withPrefix<N extends string>(
  prefix: string,
  names: readonly N[],
  forms: Partial<Record<N, OptionSpec['form']>> = {},
): Record<N, OptionSpec> {
  const specs = names.map((name): [N, OptionSpec] => {
    const form = forms[name];
    return [name, { env: prefix + name.toUpperCase().replaceAll('-', '_'), ...(form && { form }) }];
  });
  return Object.fromEntries(specs) as Record<N, OptionSpec>;
}

/** Reads settings. Throws Invalid for a flag that does not exist, or that has no value. */
export function readOptions<N extends string>(
  specs: Readonly<Record<N, OptionSpec>>,
  args: readonly string[],
  env: Env,
): Options<N> {
  return new Options(specs, parseFlags(specs, args), env);
}

/** Settings as they were given. Every method that checks a value throws Invalid, naming the flag or variable and the value. */
export class Options<N extends string> {
  readonly #specs: Readonly<Record<N, OptionSpec>>;
  readonly #flags: Readonly<Partial<Record<string, readonly string[]>>>;
  readonly #env: Env;

  /** Use readOptions. */
  constructor(
    specs: Readonly<Record<N, OptionSpec>>,
    flags: Readonly<Partial<Record<string, readonly string[]>>>,
    env: Env,
  ) {
    this.#specs = specs;
    this.#flags = flags;
    this.#env = env;
  }

  /** The text; undefined where it was not given, or is empty. */
  text(name: N): string | undefined {
    return (this.#flags[name]?.at(-1) ?? this.#env[this.#specs[name].env]) || undefined;
  }

  /** The items, without blanks around them and without empty ones. */
  list(name: N): string[] {
    const given = this.#flags[name] ?? this.#env[this.#specs[name].env]?.split(',') ?? [];
    return given.map((item) => item.trim()).filter((item) => item !== '');
  }

  /** True or false; `fallback` where it was not given. */
  switch(name: N, fallback: boolean): boolean {
    return this.oneOf(name, ['false', 'true'], String(fallback) as 'false' | 'true') === 'true';
  }

  /** One of a few words. */
  oneOf<V extends string>(name: N, values: readonly V[], fallback: V): V {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const found = values.find((value) => value === text);
    if (found !== undefined) return found;
    const supported = values.map((value) => JSON.stringify(value)).join(', ');
    throw this.#refusal(name, `Unsupported value: ${JSON.stringify(text)}: supported values: ${supported}`);
  }

  /** A number within bounds. */
  number<F extends number | undefined>(name: N, range: NumberRange, fallback: F): number | F {
    const text = this.#flags[name]?.at(-1) ?? this.#env[this.#specs[name].env];
    if (text === undefined) return fallback;
    const value = text.trim() === '' ? Number.NaN : Number(text);
    const { min, max, whole = false } = range;
    if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    throw this.refuse(name, text, `must be ${whole ? 'a whole number ' : ''}between ${min} and ${max}, inclusive`);
  }

  /** The parsed text. A value for which `parse` throws or returns undefined is refused with the problem. */
  parsed<T>(name: N, parse: (text: string) => T | undefined, problem: string): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.parseItem(name, text, parse, problem);
  }

  /** The same for one item of a list. */
  parseItem<T>(name: N, text: string, parse: (text: string) => T | undefined, problem: string): T {
    let value: T | undefined;
    try {
      value = parse(text);
    } catch {
      // The problem explains it to the user.
    }
    if (value !== undefined) return value;
    throw this.refuse(name, text, problem);
  }

  /** The error that refuses a value of a setting. */
  refuse(name: N, value: string, problem: string): GantryError {
    return this.#refusal(name, `Invalid value: ${JSON.stringify(value)}: ${problem}`);
  }

  #refusal(name: N, what: string): GantryError {
    const field = this.#flags[name] === undefined ? this.#specs[name].env : `--${name}`;
    const message = `${field}: ${what}`;
    return new GantryError('Invalid', message, { causes: [{ reason: 'FieldValueInvalid', field, message }] });
  }
}

function parseFlags(
  specs: Readonly<Record<string, OptionSpec>>,
  args: readonly string[],
): Partial<Record<string, readonly string[]>> {
  const known = Object.keys(specs).map((name) => [name, { type: 'string', multiple: true }] as const);
  const isSwitch = (arg: string): boolean => arg.startsWith('--') && specs[arg.slice(2)]?.form === 'switch';
  try {
    return parseArgs({
      args: args.map((arg) => (isSwitch(arg) ? `${arg}=true` : arg)),
      options: Object.fromEntries(known),
      strict: true,
    }).values;
  } catch (error) {
    throw new GantryError('Invalid', (error as Error).message, { cause: error });
  }
}
