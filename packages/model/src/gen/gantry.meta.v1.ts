// Generated from proto/ by `npm run generate`; not edited by hand.

/** One observed aspect of an object, which holds, doesn't, or is unknown. */
export interface Condition {
  /** Type of the condition in CamelCase, such as "Available"; unique within the object. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** The metadata.generation that this was concluded from; older than the object's means out of date. */
  observedGeneration?: number;
  /** When status last changed. */
  lastTransitionTime: string;
  /** One CamelCase word for why, for programs. */
  reason: string;
  /** Why, for people; may be empty. */
  message?: string;
}

/** Options of a delete request. */
export interface DeleteOptions {
  /** Seconds that the object gets to end; 0 is at once. The kind's own default where absent. */
  gracePeriodSeconds?: number;
  /** Preconditions; if one does not hold the request fails with Conflict. */
  preconditions?: Preconditions;
  /** Older form of propagationPolicy: true is "Orphan", false is "Background". Set one of the two. */
  orphanDependents?: boolean;
  /** Propagation policy for dependents: "Background" deletes them afterwards, "Foreground" before the object goes, "Orphan" keeps them. The kind's own default where absent. */
  propagationPolicy?: string;
  /** ["All"] does everything but store the result. */
  dryRun?: string[];
  /** Delete even though the stored object can't be read, skipping finalizers and preconditions. */
  ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

/** A demand on one field. */
export interface FieldSelectorRequirement {
  /** Path of the field. */
  key: string;
  /** "In", "NotIn", "Exists" or "DoesNotExist". */
  operator: string;
  /** Values for In and NotIn, at least one; empty for the other two. */
  values?: string[];
}

/** Labels that an object must have. All of matchLabels and matchExpressions must hold; with none of them every object matches, while an absent selector matches nothing. */
export interface LabelSelector {
  /** Labels that must be there with just these values. */
  matchLabels?: Record<string, string>;
  /** Further demands on single labels. */
  matchExpressions?: LabelSelectorRequirement[];
}

/** A demand on one label. */
export interface LabelSelectorRequirement {
  /** The label's key. */
  key: string;
  /** "In", "NotIn", "Exists" or "DoesNotExist". An absent label satisfies NotIn. */
  operator: string;
  /** Values for In and NotIn, at least one; empty for the other two. */
  values?: string[];
}

/** Metadata of lists. */
export interface ListMeta {
  /** Formerly the list's URL. Kept for old clients, never set. */
  selfLink?: string;
  /** Revision of the store that the list shows; a watch from here on misses nothing. */
  resourceVersion?: string;
  /** Token that fetches the next page at the same revision; empty on the last page. Expires when that revision is compacted. */
  continue?: string;
  /** Items on later pages, as an estimate; absent where unknown, such as under a selector. */
  remainingItemCount?: number;
}

/** The fields that one manager set by one kind of operation. */
export interface ManagedFieldsEntry {
  /** Name of the manager, such as "kubectl" or "deployment-controller". */
  manager?: string;
  /** How it wrote them: "Apply" or "Update". */
  operation?: string;
  /** The apiVersion in which fieldsV1 names the fields. */
  apiVersion?: string;
  /** When the set of fields, or one of their values, last changed. */
  time?: string;
  /** Format of fieldsV1; always "FieldsV1". */
  fieldsType?: string;
  /** The fields. */
  fieldsV1?: unknown;
  /** Subresource through which they were written, such as "status"; empty for the object itself. */
  subresource?: string;
}

/** Identity, ownership and bookkeeping of an object. */
export interface ObjectMeta {
  /** Name, unique among objects of the same resource in the same namespace; never changes. May be absent in a create request only, where generateName makes one. */
  name: string;
  /** Prefix from which the server makes a name by adding five random characters, where name is absent. */
  generateName?: string;
  /** Namespace in which the name is unique; "default" where a request says nothing. Empty on kinds that have none. */
  namespace?: string;
  /** Formerly the object's URL. Kept for old clients, never set. */
  selfLink?: string;
  /** UUID that the server gives at creation; tells this object from later ones of the same name. */
  uid?: string;
  /** Revision of the store at the object's last change, opaque to clients. Sent back in an update, it makes that update fail with Conflict if the object has changed since. */
  resourceVersion?: string;
  /** Counts the changes of what the user asks for (the spec, not status or metadata); starts at 1. */
  generation?: number;
  /** CreationTimestamp is a timestamp of the object's creation, set by the server. */
  creationTimestamp?: string;
  /** When the object is due to be gone, set by the server on a graceful deletion; it can be moved earlier but not taken back. The object leaves once this has passed and finalizers is empty. */
  deletionTimestamp?: string;
  /** Seconds between the request to delete and deletionTimestamp; can only shrink. */
  deletionGracePeriodSeconds?: number;
  /** Keys and values by which selectors find the object. */
  labels?: Record<string, string>;
  /** Free-form data for people and tools; selectors don't see it. 256 KiB in total at most. */
  annotations?: Record<string, string>;
  /** Objects that this one depends on: once all of them are gone, it is garbage collected. One at most is the controller. */
  ownerReferences?: OwnerReference[];
  /** Names of those who must clean up first; the object stays, with its deletionTimestamp, until each has taken its name off. */
  finalizers?: string[];
  /** Fields by the manager that owns them, for server-side apply. */
  managedFields?: ManagedFieldsEntry[];
}

/** Points from a dependent to its owner, in the same namespace or cluster-wide. */
export interface OwnerReference {
  /** The owner's apiVersion, such as "apps/v1". */
  apiVersion: string;
  /** The owner's kind, such as "ReplicaSet". */
  kind: string;
  /** The owner's name. */
  name: string;
  /** The owner's uid: a later object of the same name is not the owner. */
  uid: string;
  /** True for the one owner that manages this object; others leave the object alone. */
  controller?: boolean;
  /** True if a foreground deletion of the owner waits until this object is gone. */
  blockOwnerDeletion?: boolean;
}

/** An object of any kind of which the metadata alone is wanted. */
export interface PartialObjectMetadata {
  /** The object's metadata. */
  metadata?: ObjectMeta;
}

/** Preconditions of a deletion. */
export interface Preconditions {
  /** Its uid. */
  uid?: string;
  /** Its resourceVersion. */
  resourceVersion?: string;
}

/** How a request ended, in Kubernetes' form. */
export interface Status {
  /** The list metadata that every such answer carries; mostly empty. */
  metadata?: ListMeta;
  /** "Success" or "Failure". */
  status?: string;
  /** Description of the fault for people; shown by kubectl as it is. */
  message?: string;
  /** One word for why it failed, for programs, such as "NotFound"; each belongs to one code. */
  reason?: string;
  /** Details of the failure. */
  details?: StatusDetails;
  /** HTTP status code that fits, such as 404; 0 where none was given. */
  code?: number;
}

/** One thing that is wrong with a request. */
export interface StatusCause {
  /** One word for it, such as "FieldValueRequired". */
  reason?: string;
  /** The same for people. */
  message?: string;
  /** Path of the field, such as "spec.containers[0].name". */
  field?: string;
}

/** The object and the causes that a failure is about. */
export interface StatusDetails {
  /** Name of the object. */
  name?: string;
  /** API group of the object. */
  group?: string;
  /** Its resource, such as "pods", or its kind. */
  kind?: string;
  /** The object's uid. */
  uid?: string;
  /** Each thing that is wrong, such as one entry an invalid field. */
  causes?: StatusCause[];
  /** Seconds after which another try may succeed; 0 says nothing. */
  retryAfterSeconds?: number;
}

/** Names an object's kind. */
export interface TypeMeta {
  /** Group and version, such as "apps/v1"; "v1" for the core group. */
  apiVersion?: string;
  /** The kind, such as "Deployment". */
  kind?: string;
}

/** The envelope of an object in a protobuf request or reply; on the wire the four bytes "k8s\0" stand before it. */
export interface Unknown {
  /** The kind of what is in raw. */
  typeMeta?: TypeMeta;
  /** The object, encoded as contentType says. */
  raw?: string;
  /** Encoding of raw; empty for none. */
  contentEncoding?: string;
  /** Media type of raw; empty for protobuf. */
  contentType?: string;
}
