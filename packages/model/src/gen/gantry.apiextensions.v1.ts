// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** A column of tables. */
export interface CustomResourceColumnDefinition {
  /** Heading. */
  name: string;
  /** Type in OpenAPI: "integer", "number", "string", "boolean" or "date". */
  type: string;
  /** Format in OpenAPI, such as "name" for the column that identifies an object. */
  format?: string;
  /** Description for people. */
  description?: string;
  /** Importance; columns above 0 are shown in wide tables alone. */
  priority?: number;
  /** Path of the value, such as ".spec.size". */
  jsonPath: string;
}

/** Conversion of objects between versions. */
export interface CustomResourceConversion {
  /** "None" changes apiVersion alone, "Webhook" asks a webhook. */
  strategy: string;
  /** The webhook of the strategy "Webhook". */
  webhook?: WebhookConversion;
}

/** The definition of a kind that is not built in. Its name is the plural, a dot and the group. */
export interface CustomResourceDefinition {
  apiVersion: string;
  kind: 'CustomResourceDefinition';
  /** Identity. */
  metadata: ObjectMeta;
  /** The kind as its author wants it. */
  spec: CustomResourceDefinitionSpec;
  /** Observed state. */
  status?: CustomResourceDefinitionStatus;
}

/** One observed aspect of a definition. */
export interface CustomResourceDefinitionCondition {
  /** Its type, such as "Established". */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** Last change of the status. */
  lastTransitionTime?: string;
  /** One word for programs. */
  reason?: string;
  /** Explanation for people. */
  message?: string;
  /** The metadata.generation that it was concluded from. */
  observedGeneration?: number;
}

/** Names of a kind. */
export interface CustomResourceDefinitionNames {
  /** Plural in lower case, as paths have it. */
  plural: string;
  /** Singular in lower case; the kind in lower case where absent. */
  singular?: string;
  /** Short names that clients may use in place of the plural. */
  shortNames?: string[];
  /** Kind of the objects, such as "Widget". */
  kind: string;
  /** Kind of lists; the kind and "List" where absent. */
  listKind?: string;
  /** Groups of resources that the kind belongs to, such as "all". */
  categories?: string[];
}

/** A kind as its author wants it. */
export interface CustomResourceDefinitionSpec {
  /** API group of the objects, such as "example.com". It never changes. */
  group: string;
  /** Names of the kind. */
  names: CustomResourceDefinitionNames;
  /** "Namespaced" or "Cluster". It never changes. */
  scope: string;
  /** Versions of the kind; exactly one of them is stored. */
  versions: CustomResourceDefinitionVersion[];
  /** Conversion between versions; None where absent. */
  conversion?: CustomResourceConversion;
  /** Fields without a schema are kept; only for definitions that were made with older versions of the API. */
  preserveUnknownFields?: boolean;
}

/** Observed state of a definition. */
export interface CustomResourceDefinitionStatus {
  /** Conditions: NamesAccepted, Established, NonStructuralSchema, Terminating and others. */
  conditions: CustomResourceDefinitionCondition[];
  /** Names by which the kind is served: they differ from the wanted ones while others have those. */
  acceptedNames: CustomResourceDefinitionNames;
  /** Versions in which objects were stored at any time; they may not be removed from the definition before all objects are written anew. */
  storedVersions: string[];
  /** The metadata.generation that the conditions were concluded from. */
  observedGeneration?: number;
}

/** One version of a kind. */
export interface CustomResourceDefinitionVersion {
  /** Its name, such as "v1". */
  name: string;
  /** The API serves it. */
  served: boolean;
  /** Objects are stored in it. */
  storage: boolean;
  /** Requests of this version are answered with a warning. */
  deprecated?: boolean;
  /** Text of that warning in place of the usual one. */
  deprecationWarning?: string;
  /** Schema by which objects are validated, pruned and completed. */
  schema?: CustomResourceValidation;
  /** Subresources of the version. */
  subresources?: CustomResourceSubresources;
  /** Columns of tables; the age alone where absent. */
  additionalPrinterColumns?: CustomResourceColumnDefinition[];
  /** Fields that field selectors may name; 8 at most. */
  selectableFields?: SelectableField[];
}

/** The subresource scale: paths of the fields that it reads and writes. */
export interface CustomResourceSubresourceScale {
  /** Path of the wanted count below .spec, such as ".spec.replicas". */
  specReplicasPath: string;
  /** Path of the observed count below .status. */
  statusReplicasPath: string;
  /** Path of the text of a label selector below .status or .spec. */
  labelSelectorPath?: string;
}

/** The subresource status; it has nothing to set. */
export interface CustomResourceSubresourceStatus {
}

/** Subresources of a version. */
export interface CustomResourceSubresources {
  /** Objects have a status, which is written by itself. */
  status?: CustomResourceSubresourceStatus;
  /** Objects have a scale. */
  scale?: CustomResourceSubresourceScale;
}

/** Schema of a version. */
export interface CustomResourceValidation {
  /** The schema in the dialect of OpenAPI 3. */
  openAPIV3Schema?: JSONSchemaProps;
}

/** Documentation elsewhere. */
export interface ExternalDocumentation {
  /** Description for people. */
  description?: string;
  /** Address. */
  url?: string;
}

/** A schema in the dialect of JSON Schema draft 4 that OpenAPI 3 has, with Kubernetes' extensions. */
export interface JSONSchemaProps {
  /** Identifier; not allowed in definitions. */
  id?: string;
  /** Dialect; not allowed in definitions. */
  $schema?: string;
  /** Reference to another schema; not allowed in definitions. */
  $ref?: string;
  /** Description for people. */
  description?: string;
  /** Type of the value: "object", "array", "string", "integer", "number" or "boolean". */
  type?: string;
  /** Format of the value, such as "int32" or "date-time". */
  format?: string;
  /** Title for people. */
  title?: string;
  /** Value of a field that is absent. */
  default?: unknown;
  /** Upper bound of a number. */
  maximum?: number;
  /** The upper bound itself is not allowed. */
  exclusiveMaximum?: boolean;
  /** Lower bound of a number. */
  minimum?: number;
  /** The lower bound itself is not allowed. */
  exclusiveMinimum?: boolean;
  /** Characters of a text, at most. */
  maxLength?: number;
  /** Characters of a text, at least. */
  minLength?: number;
  /** Regular expression that a text matches. */
  pattern?: string;
  /** Entries of a list, at most. */
  maxItems?: number;
  /** Entries of a list, at least. */
  minItems?: number;
  /** Entries of a list differ from one another. */
  uniqueItems?: boolean;
  /** A number is a multiple of this. */
  multipleOf?: number;
  /** All values that are allowed. */
  enum?: unknown[];
  /** Properties of an object, at most. */
  maxProperties?: number;
  /** Properties of an object, at least. */
  minProperties?: number;
  /** Properties that an object must have. */
  required?: string[];
  /** Schema of a list's entries. */
  items?: JSONSchemaProps | JSONSchemaProps[];
  /** Schemas that all hold. */
  allOf?: JSONSchemaProps[];
  /** Schemas of which exactly one holds. */
  oneOf?: JSONSchemaProps[];
  /** Schemas of which one holds at least. */
  anyOf?: JSONSchemaProps[];
  /** A schema that does not hold. */
  not?: JSONSchemaProps;
  /** Properties of an object by name. */
  properties?: Record<string, JSONSchemaProps>;
  /** Schema of all other properties, or their permission. */
  additionalProperties?: boolean | JSONSchemaProps;
  /** Properties by patterns of their names; not allowed in definitions. */
  patternProperties?: Record<string, JSONSchemaProps>;
  /** Properties that depend on others; not allowed in definitions. */
  dependencies?: Record<string, JSONSchemaProps | string[]>;
  /** Schema of further entries of a list; not allowed in definitions. */
  additionalItems?: boolean | JSONSchemaProps;
  /** Schemas that references name; not allowed in definitions. */
  definitions?: Record<string, JSONSchemaProps>;
  /** Documentation elsewhere. */
  externalDocs?: ExternalDocumentation;
  /** An example of a value. */
  example?: unknown;
  /** Null is allowed. */
  nullable?: boolean;
  /** Fields that the schema does not name are kept. */
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  /** The value is a whole object with apiVersion, kind and metadata. */
  'x-kubernetes-embedded-resource'?: boolean;
  /** The value is an integer or a text. */
  'x-kubernetes-int-or-string'?: boolean;
  /** Fields that identify an entry of a list of type map. */
  'x-kubernetes-list-map-keys'?: string[];
  /** Owners of a list: "atomic", "set" or "map". */
  'x-kubernetes-list-type'?: string;
  /** Owners of an object: "granular" or "atomic". */
  'x-kubernetes-map-type'?: string;
  /** Rules in CEL. */
  'x-kubernetes-validations'?: ValidationRule[];
}

/** A field that field selectors may name. */
export interface SelectableField {
  /** Path of the field, such as ".spec.color". */
  jsonPath: string;
}

/** A service of the cluster. */
export interface ServiceReference {
  /** Its namespace. */
  namespace: string;
  /** Its name. */
  name: string;
  /** Path of the URL. */
  path?: string;
  /** Port of the service; 443 where absent. */
  port?: number;
}

/** A rule in CEL that a value must meet. */
export interface ValidationRule {
  /** The expression: `self` is the value, `oldSelf` the stored one. */
  rule: string;
  /** Message where the rule is not met. */
  message?: string;
  /** Expression of that message. */
  messageExpression?: string;
  /** Reason of the refusal: "FieldValueInvalid" (default), "FieldValueForbidden", "FieldValueRequired" or "FieldValueDuplicate". */
  reason?: string;
  /** Path of the field at fault, relative to the value. */
  fieldPath?: string;
  /** A rule with `oldSelf` is evaluated for new objects, too. */
  optionalOldSelf?: boolean;
}

/** Address of a webhook: a URL or a service. */
export interface WebhookClientConfig {
  /** URL with the scheme https. */
  url?: string;
  /** Service in the cluster. */
  service?: ServiceReference;
  /** Certificates in PEM by which the webhook's certificate is verified; those of the system where absent. */
  caBundle?: string;
}

/** A webhook that converts objects. */
export interface WebhookConversion {
  /** Address of the webhook. */
  clientConfig?: WebhookClientConfig;
  /** Versions of ConversionReview that it takes, the best one first. */
  conversionReviewVersions: string[];
}
