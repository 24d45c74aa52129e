import { builtIn } from '@gantry/model/built-in.ts';
import type {
  MatchCondition,
  MutatingAdmissionPolicy,
  ValidatingAdmissionPolicy,
  ValidatingWebhookConfiguration,
} from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { invalid, invalidValue } from '@gantry/model/validation/causes.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionStep } from '../chain.ts';
import { mutatingPolicyOf } from '../policies/mutating-policy.ts';
import { validatingPolicyOf } from '../policies/validating-policy.ts';
import { type CompiledExpression, compileExpression } from './compile.ts';

/** An expression of an object, compiled. */
interface Written {
  readonly field: string;
  readonly expression: string;
  readonly compiled: CompiledExpression;
}

const group = 'admissionregistration.k8s.io';
/** The expressions of each kind that has some. */
const expressionsOf: ReadonlyMap<Kind, (object: AnyObject) => readonly Written[]> = new Map(
  (
    [
      ['ValidatingWebhookConfiguration', ofWebhooks],
      ['MutatingWebhookConfiguration', ofWebhooks],
      ['ValidatingAdmissionPolicy', ofValidatingPolicy],
      ['MutatingAdmissionPolicy', ofMutatingPolicy],
    ] as const
  ).map(([name, expressions]) => [builtIn.kindOf(group, name)!, expressions]),
);

/** Refuses expressions that do not compile. Those that are stored already stay: a later version may know more than this one. */
export const expressionsStep: AdmissionStep = {
  name: 'Expressions',
  handles: ({ kind, operation, request }) =>
    expressionsOf.has(kind) && (operation === 'CREATE' || operation === 'UPDATE') && request.subresource === '',
  validate: ({ kind, name, object, stored }) => {
    const expressions = expressionsOf.get(kind)!;
    const known = new Set(stored === undefined ? [] : expressions(stored).map(({ expression }) => expression));
    const causes = expressions(object!).flatMap(({ field, expression, compiled }) =>
      'problem' in compiled && !known.has(expression) ? [invalidValue(field, expression, compiled.problem)] : [],
    );
    if (causes.length > 0) throw invalid(kind, name, causes);
  },
};

function ofWebhooks(object: AnyObject): Written[] {
  const { webhooks = [] } = object as unknown as ValidatingWebhookConfiguration;
  return webhooks.flatMap(({ matchConditions = [] }, index) =>
    matchConditions.map(({ expression }: MatchCondition, at) => ({
      field: `webhooks[${index}].matchConditions[${at}].expression`,
      expression,
      compiled: compileExpression(expression, { hasParams: false, hasAuthorizer: true }, 'condition'),
    })),
  );
}

function ofValidatingPolicy(object: AnyObject): Written[] {
  const policy = object as unknown as ValidatingAdmissionPolicy;
  const { body, ...common } = validatingPolicyOf(policy, []);
  return [
    ...ofPolicy(policy, common),
    ...body.validations.flatMap(({ validation, compiled, message }, index): Written[] => {
      const field = `spec.validations[${index}]`;
      const { expression, messageExpression = '' } = validation;
      return [
        { field: `${field}.expression`, expression, compiled },
        ...(message === undefined
          ? []
          : [{ field: `${field}.messageExpression`, expression: messageExpression, compiled: message }]),
      ];
    }),
    ...body.annotations.map(({ annotation, compiled }, index) => ({
      field: `spec.auditAnnotations[${index}].valueExpression`,
      expression: annotation.valueExpression,
      compiled,
    })),
  ];
}

function ofMutatingPolicy(object: AnyObject): Written[] {
  const policy = object as unknown as MutatingAdmissionPolicy;
  const { body, ...common } = mutatingPolicyOf(policy, []);
  return [
    ...ofPolicy(policy, common),
    ...body.mutations.map(({ type, expression, compiled }, index) => ({
      field: `spec.mutations[${index}].${type === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration'}.expression`,
      expression,
      compiled,
    })),
  ];
}

/** The parts that policies of both kinds have. */
function ofPolicy(
  { spec }: ValidatingAdmissionPolicy | MutatingAdmissionPolicy,
  { conditions, variables }: Pick<ReturnType<typeof validatingPolicyOf>, 'conditions' | 'variables'>,
): Written[] {
  return [
    ...conditions.all.map(({ condition: { expression }, compiled }, index) => ({
      field: `spec.matchConditions[${index}].expression`,
      expression,
      compiled,
    })),
    ...(spec?.variables ?? []).map(({ name, expression }, index) => ({
      field: `spec.variables[${index}].expression`,
      expression,
      compiled: variables.get(name)!,
    })),
  ];
}
