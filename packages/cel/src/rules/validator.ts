/** The rules of a version's schema as objects are held to them. */
import { duplicate, forbidden, invalidField, invalidValue, required } from '@gantry/model/validation/causes.ts';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { type Program, perCallLimit } from '../compile.ts';
import { declarationOf } from '../types/schema.ts';
import type { Declaration } from '../types/types.ts';
import { escapedName } from '../values/names.ts';
import { readJson } from '../values/read.ts';
import { OptionalValue } from '../values/value.ts';
import { type CompiledRule, compileRules } from './compiled-rule.ts';
import { Correlated, findByKeys, isMap, isRatcheted, type Ratchet, ratchetElement, ratchetField } from './ratchet.ts';
import {
  asRuleSchema,
  hasCorrelatedFields,
  hasCorrelatedItems,
  isEmbedded,
  itemsOf,
  type Rule,
  rulesOf,
  type Schema,
  valuesOf,
} from './schema.ts';

/** The most that all rules of an object may cost together (RuntimeCELCostBudget). */
const objectBudget = 10_000_000;
/** Bytes of the longest message that an expression may make. */
const maxMessageBytes = 5 * 1024;

/** Outcome of an object's rules. */
export interface RuleOutcome {
  readonly causes: readonly FieldCause[];
  /** Rules that are broken as they were before. */
  readonly warnings: readonly string[];
}

/** Holds objects to the rules of a schema. @param old The stored object; undefined for a new one. */
export type RuleValidator = (object: unknown, old: unknown) => RuleOutcome;

/** The rules of a schema and of all schemas within it, compiled when the first object comes; undefined where there are none. */
export function ruleValidator(schema: Schema, isResource = true, path = ''): RuleValidator | undefined {
  if (!hasRules(schema)) return undefined;
  let node: RuleNode | undefined;
  return (object, old) => {
    node ??= nodeOf(schema, declarationOf(asRuleSchema(schema), isResource)) ?? emptyNode(schema);
    const validation = new Validation();
    const current = old === undefined ? undefined : new Correlated(object, old, schema);
    validation.validate(node, path, object, old, { current, parent: undefined });
    return validation;
  };
}

function hasRules(schema: Schema): boolean {
  const inner = [itemsOf(schema), valuesOf(schema), ...Object.values(schema.properties ?? {})];
  return rulesOf(schema).length > 0 || inner.some((each) => each !== undefined && hasRules(each));
}

/** A schema that has rules, or has some within. */
interface RuleNode {
  readonly schema: Schema;
  readonly rules: readonly CompiledRule[];
  readonly declared: Declaration | undefined;
  readonly items: RuleNode | undefined;
  readonly values: RuleNode | undefined;
  readonly fields: ReadonlyMap<string, RuleNode>;
}

const emptyNode = (schema: Schema): RuleNode => ({
  schema,
  rules: [],
  declared: undefined,
  items: undefined,
  values: undefined,
  fields: new Map(),
});

function nodeOf(schema: Schema, declared: Declaration | undefined): RuleNode | undefined {
  const within = (inner: Schema | undefined): RuleNode | undefined =>
    inner === undefined ? undefined : nodeOf(inner, declared?.element);
  const fields = new Map<string, RuleNode>();
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const node = nodeOf(inner, fieldDeclaration(name, inner, declared));
    if (node !== undefined) fields.set(name, node);
  }
  const rules = compileRules(rulesOf(schema), schema, declared);
  const [items, values] = [within(itemsOf(schema)), within(valuesOf(schema))];
  const isEmpty = rules.length === 0 && items === undefined && values === undefined && fields.size === 0;
  return isEmpty ? undefined : { schema, declared, rules, items, values, fields };
}

function fieldDeclaration(name: string, schema: Schema, around: Declaration | undefined): Declaration | undefined {
  const escaped = escapedName(name);
  // Fields that no expression can name have rules of their own all the same.
  if (escaped === undefined) return declarationOf(asRuleSchema(schema), isEmbedded(schema));
  return around?.named.get(escaped)?.declaration;
}

/** One object's validation. It ends where the budget is spent. */
class Validation implements RuleOutcome {
  readonly causes: FieldCause[] = [];
  readonly warnings: string[] = [];
  #budget = objectBudget;
  #isOver = false;

  validate(node: RuleNode, path: string, value: unknown, old: unknown, ratchet: Ratchet): void {
    if (value === null || value === undefined || this.#isOver) return;
    this.#evaluateRules(node, path, value, old, ratchet);
    if (Array.isArray(value)) this.#validateItems(node, path, value, old, ratchet);
    else if (isMap(value)) this.#validateFields(node, path, value, old, ratchet);
  }

  #validateItems(node: RuleNode, path: string, value: readonly unknown[], old: unknown, ratchet: Ratchet): void {
    if (node.items === undefined) return;
    for (const [index, item] of value.entries()) {
      const before =
        Array.isArray(old) && hasCorrelatedItems(node.schema) ? findByKeys(old, item, node.schema) : undefined;
      this.validate(node.items, `${path}[${index}]`, item, before, ratchetElement(ratchet, index));
    }
  }

  #validateFields(
    node: RuleNode,
    path: string,
    value: Readonly<Record<string, unknown>>,
    old: unknown,
    ratchet: Ratchet,
  ): void {
    if (node.values === undefined && node.fields.size === 0) return;
    const isCorrelated = hasCorrelatedFields(node.schema) && isMap(old);
    for (const [name, inner] of Object.entries(value)) {
      const field = node.values ?? node.fields.get(name);
      if (field === undefined) continue;
      const at = node.values !== undefined ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
      const before = isCorrelated && Object.hasOwn(old, name) ? old[name] : undefined;
      this.validate(field, at, inner, before, ratchetField(ratchet, name));
    }
  }

  #evaluateRules(node: RuleNode, path: string, value: unknown, old: unknown, ratchet: Ratchet): void {
    if (node.rules.length === 0) return;
    const { schema, declared } = node;
    const hasOld = old !== null && old !== undefined;
    const bindings = { self: value, oldSelf: hasOld ? old : undefined };
    for (const compiled of node.rules) {
      if (this.#isOver) return;
      if (compiled.problem !== undefined) {
        this.#refuse(path, schema, `rule compile error: ${compiled.problem}`);
        continue;
      }
      const { program, rule } = compiled;
      if (program === undefined) continue;
      const isOptional = rule.optionalOldSelf ?? false;
      if (compiled.usesOldSelf && !hasOld && !isOptional) continue;
      const given = isOptional && compiled.usesOldSelf ? { self: value, oldSelf: optional(old, declared!) } : bindings;
      if (this.#holds(program, rule, path, schema, given)) continue;
      this.#break(compiled, path, value, schema, given, ratchet);
    }
  }

  /** Whether nothing is to be said of a rule: it holds, or what hindered its evaluation was told. */
  #holds(
    program: Program,
    rule: Rule,
    path: string,
    schema: Schema,
    bindings: Readonly<Record<string, unknown>>,
  ): boolean {
    const outcome = program.evaluate(bindings, perCallLimit);
    if (outcome.cost > this.#budget) {
      this.#end(
        path,
        schema,
        'validation failed due to running out of cost budget, no further validation rules will be run',
      );
      return true;
    }
    this.#budget -= outcome.cost;
    if (!('error' in outcome)) return outcome.value === true;
    const name = shownRule(rule);
    if (outcome.isExceeded) {
      this.#end(
        path,
        schema,
        `'${outcome.error}': no further validation rules will be run due to call cost exceeds limit for rule: ${name}`,
      );
    } else if (outcome.error.startsWith('no such overload')) {
      const detail = `call arguments did not match a supported operator, function or macro signature for rule: ${name}`;
      this.#refuse(path, schema, `'${outcome.error}': ${detail}`);
    } else this.#refuse(path, schema, `${outcome.error} evaluating rule: ${name}`);
    return true;
  }

  #refuse(path: string, { type }: Schema, detail: string): void {
    this.causes.push(invalidValue(shownPath(path), type ?? '', detail));
  }

  #end(path: string, schema: Schema, detail: string): void {
    this.#refuse(path, schema, detail);
    this.#isOver = true;
  }

  #break(
    compiled: CompiledRule,
    path: string,
    value: unknown,
    schema: Schema,
    bindings: Readonly<Record<string, unknown>>,
    ratchet: Ratchet,
  ): void {
    const { rule, fieldPath } = compiled;
    const at = shownPath(fieldPath === '' ? path : path === '' ? fieldPath : `${path}.${fieldPath}`);
    const made = compiled.message === undefined ? undefined : this.#message(compiled.message, bindings);
    const cause =
      made !== undefined && 'problem' in made
        ? invalidValue(at, schema.type ?? '', made.problem)
        : causeOf(rule, at, value, schema, made?.text ?? ownMessage(rule));
    if (made !== undefined && 'problem' in made) this.#isOver = true;
    if (!compiled.usesOldSelf && isRatcheted(ratchet)) this.warnings.push(`${cause.field}: ${cause.message}`);
    else this.causes.push(cause);
  }

  /** The message of an expression; undefined where it makes none that can be shown; a problem where all ends here. */
  #message(
    program: Program,
    bindings: Readonly<Record<string, unknown>>,
  ): { readonly text: string } | { readonly problem: string } | undefined {
    const outcome = program.evaluate(bindings, perCallLimit);
    if (outcome.cost > this.#budget) {
      return {
        problem:
          'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
      };
    }
    if ('error' in outcome && outcome.isExceeded) {
      const text = JSON.stringify(program.text);
      return {
        problem: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${text}`,
      };
    }
    this.#budget -= outcome.cost;
    if ('error' in outcome || typeof outcome.value !== 'string') return undefined;
    const text = outcome.value.trim();
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > maxMessageBytes ? undefined : { text };
  }
}

function optional(old: unknown, declared: Declaration): OptionalValue {
  return old === null || old === undefined ? OptionalValue.none : new OptionalValue(readJson(old, declared));
}

function shownPath(path: string): string {
  return path === '' ? '<nil>' : path;
}

function shownRule({ message = '', rule }: Rule): string {
  return message.length > 0 ? message.trim() : rule.trim();
}

function ownMessage(rule: Rule): string {
  return (rule.message ?? '') === '' ? `failed rule: ${rule.rule.trim()}` : rule.message!.trim();
}

function causeOf({ reason }: Rule, field: string, value: unknown, { type }: Schema, detail: string): FieldCause {
  // Objects and lists are not shown.
  const isHidden = type === 'object' || type === 'array';
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return isHidden ? { reason, field, message: 'Duplicate value' } : duplicate(field, value);
    default:
      return isHidden ? invalidField(field, detail) : invalidValue(field, value, detail);
  }
}
