/** Rules of one schema, compiled. */
import { compile, type Program } from '../compile.ts';
import { estimateCost } from '../cost/estimate.ts';
import { environment } from '../environment.ts';
import { typed } from '../types/declaration.ts';
import { maxRequestBytes } from '../types/schema.ts';
import { type Declaration, optionalOf } from '../types/types.ts';
import { normalizedPath } from './field-path.ts';
import type { Rule, Schema } from './schema.ts';

/** A rule as it can be evaluated and priced. */
export interface CompiledRule {
  readonly rule: Rule;
  /** Undefined where the rule is empty or has a problem. */
  readonly program: Program | undefined;
  readonly problem: string | undefined;
  readonly usesOldSelf: boolean;
  /** The most that one evaluation can cost. */
  readonly maxCost: number;
  readonly message: Program | undefined;
  readonly messageProblem: string | undefined;
  readonly maxMessageCost: number;
  /** Path of the field at fault, relative to the value of the schema; empty for the value itself. */
  readonly fieldPath: string;
}

/** @param declared Declaration of the schema that the rules stand in; undefined for data that no rule can name. */
export function compileRules(
  rules: readonly Rule[],
  schema: Schema,
  declared: Declaration | undefined,
): CompiledRule[] {
  return rules.map((rule) => compileRule(rule, schema, declared));
}

const nothing = {
  program: undefined,
  problem: undefined,
  usesOldSelf: false,
  maxCost: 0,
  message: undefined,
  messageProblem: undefined,
  maxMessageCost: 0,
  fieldPath: '',
} satisfies Omit<CompiledRule, 'rule'>;

function compileRule(rule: Rule, schema: Schema, declared: Declaration | undefined): CompiledRule {
  if (rule.rule.trim() === '') return { rule, ...nothing };
  if (declared === undefined) {
    return { rule, ...nothing, problem: 'failed to convert to declType for CEL validation rules' };
  }
  const oldSelf = rule.optionalOldSelf ? typed(optionalOf(declared.type)) : declared;
  const place = environment({ self: declared, oldSelf });
  const compiled = compile(rule.rule, place);
  if ('problems' in compiled) return { rule, ...nothing, problem: withPrefix('', compiled.problems) };
  const { program } = compiled;
  if (program.type.kind !== 'bool') return { rule, ...nothing, problem: 'cel expression must evaluate to a bool' };
  const valid = {
    rule,
    ...nothing,
    program,
    usesOldSelf: program.uses('oldSelf'),
    maxCost: estimateCost(program.checked, declared).max,
    fieldPath: rule.fieldPath === undefined ? '' : (normalizedPath(rule.fieldPath, schema) ?? ''),
  };
  if ((rule.messageExpression ?? '') === '') return valid;
  const message = compile(rule.messageExpression!, place);
  if ('problems' in message) return { ...valid, messageProblem: withPrefix('messageExpression ', message.problems) };
  if (message.program.type.kind !== 'string') {
    return { ...valid, messageProblem: 'messageExpression must evaluate to a string' };
  }
  const maxMessageCost = estimateCost(message.program.checked, declared).max;
  return { ...valid, message: message.program, maxMessageCost };
}

function withPrefix(subject: string, problems: string): string {
  if (problems.startsWith('program instantiation')) return subject === '' ? problems : `${subject}instantiation failed`;
  return `${subject}compilation failed: ${problems}`;
}

/** The most values of a schema that an object can hold, where nothing but the size of requests bounds them. */
export function mostValues({ minSize }: Declaration): number {
  return Math.floor(maxRequestBytes / (minSize + 1));
}
