/** Rules of a definition when it is written: expressions that do not compile, or could cost too much, are refused. */
import { forbidden, invalidValue } from '@gantry/model/validation/causes.ts';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { multiply, unbounded } from '../cost/range.ts';
import { declarationOf } from '../types/schema.ts';
import type { Declaration } from '../types/types.ts';
import { escapedName } from '../values/names.ts';
import { type CompiledRule, compileRules, mostValues } from './compiled-rule.ts';
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

/** The rules of one version's schema, which is structural. */
export interface SchemaRules {
  readonly schema: Schema;
  /** Path of the schema in messages. */
  readonly path: string;
  /** True for a schema with faults of its own or within: its rules are not looked at. */
  readonly isFaulty: (schema: Schema) => boolean;
  /** The stored definition has the same schema: single expressions may cost what they cost. */
  readonly isStored: boolean;
}

/** The most that one expression, and all of a definition together, may cost by estimate (StaticEstimatedCostLimit and its like). */
const expressionLimit = 10_000_000;
const definitionLimit = 100_000_000;
/** Rules that are named where all together cost too much. */
const maxNamed = 4;

/** Faults of the rules of a schema and of all schemas within it, in Kubernetes' words. */
export function checkRules(given: SchemaRules): FieldCause[] {
  const checker = new DefinitionChecker(given);
  const root: Place = {
    schema: given.schema,
    path: given.path,
    isResource: true,
    declared: undefined,
    count: 1,
    uncorrelated: undefined,
  };
  checker.check(root);
  return [...checker.causes, ...checker.totalCauses(given.path)];
}

/** A schema within the schema of a version. */
interface Place {
  readonly schema: Schema;
  readonly path: string;
  readonly isResource: boolean;
  /** As a schema around it declared it; undefined where none did. */
  readonly declared: Declaration | undefined;
  /** The most values of it in an object; undefined where nothing bounds them. */
  readonly count: number | undefined;
  /** Path of the outermost schema whose values are not the same ones after an update. */
  readonly uncorrelated: string | undefined;
}

class DefinitionChecker {
  readonly causes: FieldCause[] = [];
  readonly #given: SchemaRules;
  readonly #costs: { readonly path: string; readonly cost: number }[] = [];
  #total = 0;

  constructor(given: SchemaRules) {
    this.#given = given;
  }

  check(place: Place): void {
    const { schema } = place;
    const hasRules = rulesOf(schema).length > 0;
    const declared = place.declared ?? (hasRules ? declarationOf(asRuleSchema(schema), place.isResource) : undefined);
    for (const inner of partsOf(place, declared)) this.check(inner);
    if (!hasRules || this.#given.isFaulty(schema)) return;
    const compiled = compileRules(rulesOf(schema), schema, declared);
    for (const [index, rule] of compiled.entries()) this.#checkRule(rule, place, declared, index);
  }

  #checkRule(
    compiled: CompiledRule,
    { path, count, uncorrelated }: Place,
    declared: Declaration | undefined,
    index: number,
  ): void {
    const { rule } = compiled;
    const at = (field: string): string => `${path}.x-kubernetes-validations[${index}].${field}`;
    const values = count ?? (declared === undefined ? 1 : mostValues(declared));
    const cost = multiply({ min: 0, max: compiled.maxCost }, { min: 0, max: values }).max;
    this.#price(at('rule'), 'estimated rule cost', cost);
    if (compiled.problem !== undefined) this.causes.push(wrongRule(at('rule'), rule, compiled.problem));
    if (compiled.messageProblem !== undefined) {
      this.causes.push(wrongRule(at('messageExpression'), rule, compiled.messageProblem));
    } else if (compiled.message !== undefined) {
      this.#price(at('messageExpression'), 'estimated messageExpression cost', compiled.maxMessageCost);
    }
    if (compiled.usesOldSelf && uncorrelated !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
      this.causes.push(invalidValue(at('rule'), rule.rule, detail));
    } else if (!compiled.usesOldSelf && rule.optionalOldSelf !== undefined) {
      const detail = 'may not be set if oldSelf is not used in rule';
      this.causes.push(invalidValue(at('optionalOldSelf'), rule.optionalOldSelf, detail));
    }
  }

  #price(path: string, name: string, cost: number): void {
    if (!this.#given.isStored && cost > expressionLimit) {
      this.causes.push(forbidden(path, tooDear(name, cost, expressionLimit)));
    }
    this.#total = Math.min(this.#total + cost, unbounded);
    // Rules that cost less than a hundredth of the limit are not what makes it too dear.
    if (cost >= definitionLimit / 100) this.#costs.push({ path, cost });
  }

  totalCauses(path: string): FieldCause[] {
    if (this.#total <= definitionLimit) return [];
    const dearest = this.#costs.toSorted((a, b) => b.cost - a.cost).slice(0, maxNamed);
    const detail = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...dearest.map((rule) => forbidden(rule.path, detail)),
      forbidden(path, tooDear(name, this.#total, definitionLimit)),
    ];
  }
}

/** The schemas within a schema, in the order in which their faults are told. */
function partsOf(place: Place, declared: Declaration | undefined): Place[] {
  const { schema, path } = place;
  const count = countWithin(place);
  const parts: Place[] = [];
  const add = (inner: Schema, suffix: string, ofInner: Declaration | undefined, isCorrelated: boolean): void => {
    const uncorrelated = place.uncorrelated ?? (isCorrelated ? undefined : path);
    parts.push({
      schema: inner,
      path: `${path}.${suffix}`,
      isResource: isEmbedded(inner),
      declared: ofInner,
      count,
      uncorrelated,
    });
  };
  const values = valuesOf(schema);
  if (values !== undefined) add(values, 'additionalProperties', declared?.element, true);
  for (const name of Object.keys(schema.properties ?? {}).sort()) {
    const escaped = escapedName(name);
    const field = escaped === undefined ? undefined : declared?.named.get(escaped)?.declaration;
    add(schema.properties![name]!, `properties[${name}]`, field, hasCorrelatedFields(schema));
  }
  const items = itemsOf(schema);
  if (items !== undefined) add(items, 'items', declared?.element, hasCorrelatedItems(schema));
  return parts;
}

function countWithin({ schema, count }: Place): number | undefined {
  if (count === undefined) return undefined;
  const isMap = schema.type === 'object' && schema.additionalProperties !== undefined;
  if (!isMap && schema.type !== 'array') return count;
  const most = isMap ? schema.maxProperties : schema.maxItems;
  return most === undefined ? undefined : Math.min(count * Math.max(most, 0), unbounded);
}

function tooDear(name: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

/** A rule is shown as Kubernetes' own type of it is. */
function wrongRule(field: string, rule: Rule, detail: string): FieldCause {
  const shown = {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  };
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${goJson(shown)}: ${detail}` };
}

/** JSON as Go writes it, safe within HTML. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
