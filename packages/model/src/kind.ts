import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { JSONSchemaProps } from './gen/gantry.apiextensions.v1.ts';
import type { ObjectMeta } from './gen/gantry.meta.v1.ts';
import type { ObjectSchema } from './type-schema.ts';

/** A part of an object's metadata that its users own. */
export type MetadataPart = 'labels' | 'annotations' | 'finalizers' | 'ownerReferences';

/** All parts of the metadata that users own, for kinds whose status is written alone. */
export const usersMetadata: readonly MetadataPart[] = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

/** Any object, in its JSON form. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A printed column of `get`. */
export interface Column<T> {
  /** The heading, as Kubernetes prints it. */
  readonly name: string;
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
  /** The cell's text. `nowMs` is for ages. */
  readonly cell: (object: T, nowMs: number) => string;
  /** The cell as tables over HTTP have it, where it is no text. */
  readonly value?: (object: T, nowMs: number) => string | number | boolean | null;
  /** The column as tables over HTTP describe it; a text that is not described further where absent. */
  readonly definition?: {
    readonly type: string;
    readonly format: string;
    readonly description: string;
    readonly priority?: number;
  };
}

/** Reads parts of an object whose schema came at run time, and tells what is wrong with them. */
export interface FieldReader {
  /** Tells of a field that is dropped. */
  readonly unknown: (path: string) => void;
  /** Refuses the object: a value cannot be what it is. */
  readonly refuse: (path: string, message: string) => void;
  /** Reads an object by a schema that is built in, such as that of metadata. */
  readonly object: (schema: ObjectSchema, value: unknown, path: string) => Record<string, unknown> | undefined;
}

/** A kind that a definition made, beyond what every kind has. Each version of it is a kind of its own. */
export interface CustomKind {
  /** Reads the fields of an object. Types of values are no matter of reading: validation says what is wrong with them. */
  readonly decode: (fields: Record<string, unknown>, reader: FieldReader) => Record<string, unknown>;
  /** How its objects stand in the store. */
  readonly stored: StoredForms;
  /** All versions that are served, this one among them, the preferred one first. */
  readonly versions: readonly Kind[];
  /** Kind of its lists. */
  readonly listKind: string;
  /** Its schema as the definition has it. */
  readonly openApi: JSONSchemaProps | undefined;
  /** Told to clients with every request; undefined for a version that is not deprecated. */
  readonly deprecation: string | undefined;
  /** The definition ends: nothing new may be created. */
  readonly isTerminating: boolean;
}

/** The objects of one version as the store has them: they may be of any version of their definition. */
export interface StoredForms {
  /** The apiVersion in which they are written. */
  readonly apiVersion: string;
  /** Some conversions are asked of a webhook. */
  readonly asksWebhook: boolean;
  /**
   * A stored object in this version, as its schema has it today. Undefined where a webhook must be asked first. Shared: never change it.
   */
  readonly read: (object: KubeObject) => KubeObject | undefined;
  /** The same of many objects, in order; asks the webhook for those that need it, together and once. Rejects where it cannot convert one. */
  readonly readAll: (objects: readonly KubeObject[]) => Promise<readonly KubeObject[]>;
  /** An object of this version in the form in which it is written. */
  readonly write: (object: KubeObject) => KubeObject | Promise<KubeObject>;
  /** An object of one version in another one, both named by their apiVersion; undefined where that needs a webhook or is impossible. */
  readonly convert: (object: KubeObject, apiVersion: string) => KubeObject | undefined;
}

/** The user behind a request, as far as objects keep it. */
export interface Requester {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Another form in which a kind is served, beside the one that is stored. Conversions are pure, and lose nothing on the way there and back. */
export interface ServedVersion {
  /** Such as events.k8s.io: a kind may be served in more than one group. */
  readonly group: string;
  /** Such as v1. */
  readonly version: string;
  /** The proto message of this form, such as gantry.events.v1.Event; empty for a kind without messages. */
  readonly message: string;
  /** The schema of a form without a message. */
  readonly schema?: ObjectSchema;
  /** Makes the stored form of an object; may change the one that is given. Defaults and validation come after it. */
  readonly toStored: (object: KubeObject) => KubeObject;
  /** Makes this form of a stored object; must not change the one that is given. */
  readonly fromStored: (object: KubeObject) => KubeObject;
  /** Columns of `get` in this form; those of the kind's stored form if absent. */
  readonly columns?: readonly Column<never>[];
  /** Names of selectable fields in this form, beside metadata's, each with its name in the stored form; the same names if absent. */
  readonly fieldLabels?: Readonly<Record<string, string>>;
  /**
   * Validates a write that came in this form, beside the kind's own validation. Both objects are in the stored form and complete.
   * @param stored Undefined for a new object.
   */
  readonly validate?: (object: KubeObject, stored: KubeObject | undefined) => FieldCause[];
}

/** A part of an object that is read or written at a path of its own, or an action on it. The status is `hasStatus`. */
export interface Subresource<T extends KubeObject = KubeObject> {
  /** Verbs that it takes. */
  readonly verbs: readonly ('create' | 'get' | 'patch' | 'update' | 'delete')[];
  /** The type of its bodies; the kind itself if absent. */
  readonly type?: { readonly group: string; readonly version: string; readonly kind: string };
  /**
   * For a subresource whose body is the object: copies the fields that it may change from what the client sent into a copy of the
   * stored object. The object is validated as a whole afterwards, with `validate` below in place of the kind's validateUpdate.
   */
  readonly transfer?: (object: T, wanted: T, nowMs: number) => void;
  readonly validate?: (object: T, stored: T) => FieldCause[];
  /** For `scale`: where the object has its counts. Paths have dots, such as spec.replicas. */
  readonly scale?: {
    readonly specReplicas: string;
    readonly statusReplicas: string;
    /** A label selector, or its text; absent where the kind has none. */
    readonly selector?: string;
    /** The kind's own validation says which counts there may be. */
    readonly isValidated?: true;
  };
}

/**
 * All that Gantry knows of a kind beyond its schema. A kind is one folder under kinds/ that exports one of these, its
 * proto message, and one line in the registry.
 */
export interface Kind<T extends KubeObject = KubeObject> {
  /** Such as Deployment. */
  readonly kind: string;
  /** Such as apps; empty for the core group. */
  readonly group: string;
  /** Such as v1. */
  readonly version: string;
  /** Such as deployments. */
  readonly plural: string;
  readonly singular: string;
  /** Such as deploy. */
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** The proto message, such as gantry.apps.v1.Deployment; empty for a kind that has none. */
  readonly message: string;
  /** The schema of a kind without a message. */
  readonly schema?: ObjectSchema;
  /** Other forms in which it is served; converted at the edges, never stored. */
  readonly versions?: readonly ServedVersion[];
  /**
   * Verbs that it takes; all where absent. A kind that can only be created is a call: its answer is the object, and nothing is stored. Objects
   * that can only be read are made when they are.
   */
  readonly verbs?: readonly ['create'] | readonly ['get', 'list'];
  /** Its objects are deleted one by one only: a slip must not end all of them. */
  readonly keepsCollections?: true;
  /** Subresources beside status, by name. */
  readonly subresources?: Readonly<Record<string, Subresource<T>>>;
  /** Groups of resources that it belongs to, such as `all` of `kubectl get all`. */
  readonly categories?: readonly string[];
  /** The field of gantry.api.v1.Object that carries it, such as deployment. */
  readonly objectField: string;
  /** True where the status is a part of its own, written by UpdateStatus only. */
  readonly hasStatus: boolean;
  /** Parts of the metadata that stay as they are where a client writes the status; none if absent, as with most of Kubernetes' kinds. */
  readonly statusKeeps?: readonly MetadataPart[];
  /** The changes that metadata.generation counts, from 1 on: of everything but metadata and status, also of annotations or labels, of everything but metadata, or none. */
  readonly generation?: 'spec' | 'spec and annotations' | 'spec and labels' | 'all but metadata' | 'constant';
  /** A replacement must name the resourceVersion that it was made of; patches and configurations need not. */
  readonly needsRevision?: true;
  /** Finalizers need no domain. */
  readonly takesPlainFinalizers?: true;
  /** A definition made it. */
  readonly custom?: CustomKind;
  /** Problems of a name, in Kubernetes' words, where names are not DNS subdomains or may be more. */
  readonly nameProblems?: (name: string) => string[];
  /** Sets the fields that were left out, in place. Must be idempotent. */
  readonly setDefaults: (object: T) => void;
  /** Sets what the server owns on a new object, in place (status, generation-like fields): after defaults, before validation. */
  readonly prepareForCreate?: (object: T) => void;
  /** Notes who asked for a new object, in place: before prepareForCreate. */
  readonly noteRequester?: (object: T, user: Requester) => void;
  /** Follows a change of a generated name that somebody else has already, in place: only a kind that copies its name needs it. */
  readonly followName?: (object: T, before: string) => void;
  /** Carries over what a client may not change from the stored object, in place. */
  readonly prepareForUpdate?: (object: T, stored: T, nowMs: number) => void;
  /** Completes a status that a client sent, in place, before validateStatus. */
  readonly prepareForStatus?: (object: T, stored: T, nowMs: number) => void;
  /** Validates an object; its metadata is validated for all kinds alike, elsewhere. */
  readonly validate: (object: T) => FieldCause[];
  /** `validate` tells of required fields that are missing, too, in Kubernetes' order among all else. */
  readonly validatesRequired?: true;
  /** Validates a new object, beside validate. */
  readonly validateCreate?: (object: T) => FieldCause[];
  /** Validates a change, beside validate. */
  readonly validateUpdate?: (object: T, stored: T) => FieldCause[];
  /** Validates a change of the status. */
  readonly validateStatus?: (object: T, stored: T) => FieldCause[];
  /** Remarks on a new object that are no refusal, told to the client that made it: above all that nothing acts on it yet. */
  readonly warnings?: (object: T) => readonly string[];
  /** Fields beside metadata.name and metadata.namespace that field selectors may name, each with its value ('' where absent). */
  readonly selectableFields: Readonly<Record<string, (object: T) => string>>;
  /** Selectable fields by which the api finds objects, and the watches that a change concerns, without looking at all of them. */
  readonly indexes?: readonly string[];
  /** Columns of `get` after NAME, up to AGE. */
  readonly columns: readonly Column<T>[];
  /** The columns are all that `get` prints, NAME and AGE (where wanted) among them: their order is this kind's own. */
  readonly listsAllColumns?: boolean;
  /**
   * Notes in an object whose end is asked for first that something else goes before it, in place: a finalizer, a condition. The object
   * then has no grace period, and the end of it is no change of what is wanted.
   */
  readonly prepareForDelete?: (object: T, nowMs: number) => void;
  /** Propagation policy of a deletion that names none. */
  readonly defaultPropagation?: 'Background' | 'Foreground' | 'Orphan';
}
