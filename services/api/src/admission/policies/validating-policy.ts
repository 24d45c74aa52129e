import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
  Validation,
} from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import { type CompiledExpression, compileExpression, type ExpressionScope } from '../expressions/compile.ts';
import { meetsAll } from '../expressions/conditions.ts';
import { type Bindings, costBudgets, type Evaluated, Evaluator, OutOfBudget } from '../expressions/evaluation.ts';
import { type Binding, type Policy, policyOf } from './policy.ts';

/** The expressions of a validating policy. */
export interface ValidatingBody {
  readonly validations: readonly {
    readonly validation: Validation;
    readonly compiled: CompiledExpression;
    readonly message: CompiledExpression | undefined;
  }[];
  readonly annotations: readonly { readonly annotation: AuditAnnotation; readonly compiled: CompiledExpression }[];
}

/** The outcome of one validation. */
export type Decision =
  | { readonly type: 'admit' }
  /** An error that the policy ignores. */
  | { readonly type: 'ignored'; readonly message: string }
  | { readonly type: 'deny'; readonly message: string; readonly reason: string | undefined };

/** The outcome of a policy with one parameter. */
export interface PolicyResult {
  readonly decisions: readonly Decision[];
  readonly annotations: readonly { readonly key: string; readonly value: string }[];
  /** Errors of annotations that the policy does not ignore. */
  readonly problems: readonly string[];
}

/** Bytes of a message that an expression makes, and of an annotation's value. */
const maxMessageBytes = 5 * 1024;

/** Compiles a validating policy. */
export function validatingPolicyOf(
  stored: ValidatingAdmissionPolicy,
  bindings: readonly Binding[],
): Policy<ValidatingBody> {
  return policyOf<ValidatingAdmissionPolicySpec, ValidatingBody>(
    stored as Parameters<typeof policyOf<ValidatingAdmissionPolicySpec, ValidatingBody>>[0],
    bindings,
    compileBody,
  );
}

function compileBody(
  { validations = [], auditAnnotations = [] }: ValidatingAdmissionPolicySpec,
  given: ExpressionScope,
): ValidatingBody {
  // Without variables there is no variable of that name, either.
  const { variables, ...bare } = given;
  const scope = variables === undefined || variables.size === 0 ? bare : given;
  const ofMessages = { ...scope, hasAuthorizer: false };
  return {
    validations: validations.map((validation) => ({
      validation,
      compiled: compileExpression(validation.expression, scope, 'condition'),
      message: validation.messageExpression
        ? compileExpression(validation.messageExpression, ofMessages, 'message')
        : undefined,
    })),
    annotations: auditAnnotations.map((annotation) => ({
      annotation,
      compiled: compileExpression(annotation.valueExpression, scope, 'annotation'),
    })),
  };
}

const nothing: PolicyResult = { decisions: [], annotations: [], problems: [] };

/** Evaluates a validating policy. */
export function evaluatePolicy(policy: Policy<ValidatingBody>, bindings: Bindings): PolicyResult {
  const { conditions, variables, body, isIgnoredOnFailure } = policy;
  const met = meetsAll(conditions, bindings);
  if ('error' in met) return { ...nothing, decisions: [failed(met.error, isIgnoredOnFailure)] };
  if (!met.isMet) return nothing;
  try {
    const evaluator = new Evaluator(bindings, costBudgets.policy, variables);
    const outcomes = body.validations.map(({ validation, compiled }) =>
      evaluator.evaluate(validation.expression, compiled),
    );
    const messages = messagesOf(policy, bindings, evaluator.remaining, outcomes);
    const decisions = outcomes.map((outcome, index): Decision => {
      if ('error' in outcome) return failed(outcome.error, isIgnoredOnFailure);
      const { validation } = body.validations[index]!;
      if (outcome.value === true) return { type: 'admit' };
      return { type: 'deny', message: messages[index] ?? messageOf(validation), reason: validation.reason };
    });
    return { decisions, ...annotationsOf(policy, bindings) };
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return { ...nothing, decisions: [failed(error.message, isIgnoredOnFailure)] };
  }
}

function failed(message: string, isIgnored: boolean): Decision {
  return isIgnored ? { type: 'ignored', message } : { type: 'deny', message, reason: undefined };
}

/** The messages that expressions make for validations that are not met; undefined where there is none, or none of use. */
function messagesOf(
  { body, variables }: Policy<ValidatingBody>,
  bindings: Bindings,
  budget: number,
  outcomes: readonly Evaluated[],
): (string | undefined)[] {
  // Messages are made by the same variables, but for the authorizer.
  const { authorizer: _, 'authorizer.requestResource': _check, ...seen } = bindings;
  const evaluator = new Evaluator(seen, budget, variables);
  let isSpent = false;
  return body.validations.map(({ validation, message }, index) => {
    const outcome = outcomes[index]!;
    const isNeeded = 'value' in outcome && outcome.value !== true;
    if (message === undefined || isSpent || !isNeeded) return undefined;
    try {
      const made = evaluator.evaluate(validation.messageExpression ?? '', message);
      const text = 'value' in made && typeof made.value === 'string' ? made.value.trim() : '';
      return text === '' || Buffer.byteLength(text) > maxMessageBytes || text.includes('\n') ? undefined : text;
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error;
      isSpent = true;
      return undefined;
    }
  });
}

function messageOf({ message = '', expression }: Validation): string {
  return message.trim() || `failed expression: ${expression.trim()}`;
}

function annotationsOf(
  { body, variables, isIgnoredOnFailure }: Policy<ValidatingBody>,
  bindings: Bindings,
): Pick<PolicyResult, 'annotations' | 'problems'> {
  const evaluator = new Evaluator(bindings, costBudgets.policy, variables);
  const annotations: { key: string; value: string }[] = [];
  const problems: string[] = [];
  for (const { annotation, compiled } of body.annotations) {
    const outcome = evaluator.evaluate(annotation.valueExpression, compiled);
    if ('error' in outcome) {
      if (!isIgnoredOnFailure) problems.push(outcome.error);
      continue;
    }
    const value = typeof outcome.value === 'string' ? outcome.value.trim() : '';
    if (value !== '') annotations.push({ key: annotation.key ?? '', value });
  }
  return { annotations, problems };
}
