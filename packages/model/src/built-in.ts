/** The kinds that Gantry has of its own. Adding one is its folder under kinds/, its proto message, and its lines here. */
import type { Kind } from './kind.ts';
import { apiService } from './kinds/apiservice/apiservice.ts';
import { capacityBuffer } from './kinds/capacitybuffer/capacitybuffer.ts';
import { certificateSigningRequest } from './kinds/certificatesigningrequest/certificatesigningrequest.ts';
import { clusterRole } from './kinds/clusterrole/clusterrole.ts';
import { clusterRoleBinding } from './kinds/clusterrolebinding/clusterrolebinding.ts';
import { clusterTrustBundle } from './kinds/clustertrustbundle/clustertrustbundle.ts';
import { configMap } from './kinds/configmap/configmap.ts';
import { controllerRevision } from './kinds/controllerrevision/controllerrevision.ts';
import { cronJob } from './kinds/cronjob/cronjob.ts';
import { csiDriver } from './kinds/csidriver/csidriver.ts';
import { csiNode } from './kinds/csinode/csinode.ts';
import { csiStorageCapacity } from './kinds/csistoragecapacity/csistoragecapacity.ts';
import { customResourceDefinition } from './kinds/customresourcedefinition/customresourcedefinition.ts';
import { daemonSet } from './kinds/daemonset/daemonset.ts';
import { deployment } from './kinds/deployment/deployment.ts';
import { deviceClass } from './kinds/deviceclass/deviceclass.ts';
import { deviceTaintRule } from './kinds/devicetaintrule/devicetaintrule.ts';
import { endpoints } from './kinds/endpoints/endpoints.ts';
import { endpointSlice } from './kinds/endpointslice/endpointslice.ts';
import { event } from './kinds/event/event.ts';
import { flowSchema } from './kinds/flowschema/flowschema.ts';
import { horizontalPodAutoscaler } from './kinds/horizontalpodautoscaler/horizontalpodautoscaler.ts';
import { ingress } from './kinds/ingress/ingress.ts';
import { ingressClass } from './kinds/ingressclass/ingressclass.ts';
import { ipAddress } from './kinds/ipaddress/ipaddress.ts';
import { job } from './kinds/job/job.ts';
import { lease } from './kinds/lease/lease.ts';
import { limitRange } from './kinds/limitrange/limitrange.ts';
import { mutatingAdmissionPolicy } from './kinds/mutatingadmissionpolicy/mutatingadmissionpolicy.ts';
import { mutatingAdmissionPolicyBinding } from './kinds/mutatingadmissionpolicybinding/mutatingadmissionpolicybinding.ts';
import { mutatingWebhookConfiguration } from './kinds/mutatingwebhookconfiguration/mutatingwebhookconfiguration.ts';
import { namespace } from './kinds/namespace/namespace.ts';
import { networkPolicy } from './kinds/networkpolicy/networkpolicy.ts';
import { node } from './kinds/node/node.ts';
import { persistentVolume } from './kinds/persistentvolume/persistentvolume.ts';
import { persistentVolumeClaim } from './kinds/persistentvolumeclaim/persistentvolumeclaim.ts';
import { pod } from './kinds/pod/pod.ts';
import { podCertificateRequest } from './kinds/podcertificaterequest/podcertificaterequest.ts';
import { podDisruptionBudget } from './kinds/poddisruptionbudget/poddisruptionbudget.ts';
import { podGroup } from './kinds/podgroup/podgroup.ts';
import { podTemplate } from './kinds/podtemplate/podtemplate.ts';
import { priorityClass } from './kinds/priorityclass/priorityclass.ts';
import { priorityLevelConfiguration } from './kinds/prioritylevelconfiguration/prioritylevelconfiguration.ts';
import { replicaSet } from './kinds/replicaset/replicaset.ts';
import { replicationController } from './kinds/replicationcontroller/replicationcontroller.ts';
import { resourceAdvice } from './kinds/resourceadvice/resourceadvice.ts';
import { resourceClaim } from './kinds/resourceclaim/resourceclaim.ts';
import { resourceClaimTemplate } from './kinds/resourceclaimtemplate/resourceclaimtemplate.ts';
import { resourceQuota } from './kinds/resourcequota/resourcequota.ts';
import { resourceSlice } from './kinds/resourceslice/resourceslice.ts';
import { role } from './kinds/role/role.ts';
import { roleBinding } from './kinds/rolebinding/rolebinding.ts';
import { rollout } from './kinds/rollout/rollout.ts';
import { runtimeClass } from './kinds/runtimeclass/runtimeclass.ts';
import { secret } from './kinds/secret/secret.ts';
import { service } from './kinds/service/service.ts';
import { serviceAccount } from './kinds/serviceaccount/serviceaccount.ts';
import { serviceCidr } from './kinds/servicecidr/servicecidr.ts';
import { statefulSet } from './kinds/statefulset/statefulset.ts';
import { storageClass } from './kinds/storageclass/storageclass.ts';
import { storageVersionMigration } from './kinds/storageversionmigration/storageversionmigration.ts';
import { validatingAdmissionPolicy } from './kinds/validatingadmissionpolicy/validatingadmissionpolicy.ts';
import { validatingAdmissionPolicyBinding } from './kinds/validatingadmissionpolicybinding/validatingadmissionpolicybinding.ts';
import { validatingWebhookConfiguration } from './kinds/validatingwebhookconfiguration/validatingwebhookconfiguration.ts';
import { volumeAttachment } from './kinds/volumeattachment/volumeattachment.ts';
import { volumeAttributesClass } from './kinds/volumeattributesclass/volumeattributesclass.ts';
import { Registry } from './registry.ts';
import { virtualKinds } from './virtual-kinds.ts';

/** One line for each kind. */
const byName = {
  Pod: pod,
  Node: node,
  Namespace: namespace,
  Deployment: deployment,
  ReplicaSet: replicaSet,
  StatefulSet: statefulSet,
  DaemonSet: daemonSet,
  ControllerRevision: controllerRevision,
  HorizontalPodAutoscaler: horizontalPodAutoscaler,
  Ingress: ingress,
  IngressClass: ingressClass,
  NetworkPolicy: networkPolicy,
  IPAddress: ipAddress,
  ServiceCIDR: serviceCidr,
  ReplicationController: replicationController,
  PodTemplate: podTemplate,
  RuntimeClass: runtimeClass,
  VolumeAttachment: volumeAttachment,
  CSIDriver: csiDriver,
  CSINode: csiNode,
  CSIStorageCapacity: csiStorageCapacity,
  VolumeAttributesClass: volumeAttributesClass,
  Service: service,
  EndpointSlice: endpointSlice,
  ConfigMap: configMap,
  Secret: secret,
  Event: event,
  Lease: lease,
  PriorityClass: priorityClass,
  PodDisruptionBudget: podDisruptionBudget,
  PodGroup: podGroup,
  PersistentVolume: persistentVolume,
  PersistentVolumeClaim: persistentVolumeClaim,
  StorageClass: storageClass,
  Job: job,
  CronJob: cronJob,
  Endpoints: endpoints,
  LimitRange: limitRange,
  ResourceQuota: resourceQuota,
  ServiceAccount: serviceAccount,
  CertificateSigningRequest: certificateSigningRequest,
  PodCertificateRequest: podCertificateRequest,
  ClusterTrustBundle: clusterTrustBundle,
  Role: role,
  RoleBinding: roleBinding,
  ClusterRole: clusterRole,
  ClusterRoleBinding: clusterRoleBinding,
  FlowSchema: flowSchema,
  PriorityLevelConfiguration: priorityLevelConfiguration,
  ValidatingWebhookConfiguration: validatingWebhookConfiguration,
  MutatingWebhookConfiguration: mutatingWebhookConfiguration,
  ValidatingAdmissionPolicy: validatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding: validatingAdmissionPolicyBinding,
  MutatingAdmissionPolicy: mutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding: mutatingAdmissionPolicyBinding,
  DeviceClass: deviceClass,
  ResourceClaim: resourceClaim,
  ResourceClaimTemplate: resourceClaimTemplate,
  ResourceSlice: resourceSlice,
  DeviceTaintRule: deviceTaintRule,
  StorageVersionMigration: storageVersionMigration,
  CustomResourceDefinition: customResourceDefinition,
  APIService: apiService,
  Rollout: rollout,
  CapacityBuffer: capacityBuffer,
  ResourceAdvice: resourceAdvice,
};

/** The name of a built-in kind, such as Pod. */
export type KindName = keyof typeof byName;

/** The type of each built-in kind's objects. */
export type Kinds = { [K in KindName]: (typeof byName)[K] extends Kind<infer T> ? T : never };

/** All built-in kinds. Generic code hands a kind only objects of that kind: that is why their types may be forgotten here. */
export const builtInKinds: readonly Kind[] = Object.values(byName) as unknown as Kind[];
/** All names of built-in kinds. */
export const kindNames = Object.keys(byName) as readonly KindName[];

/** The built-in kinds alone, for programs that know of no others, such as agents. It never changes; the api has a registry of its own. */
export const builtIn: Registry = new Registry(builtInKinds);

/** A built-in kind by its name. */
export function kindOf<K extends KindName>(name: K): Kind<Kinds[K]> {
  return byName[name] as unknown as Kind<Kinds[K]>;
}

/** A built-in kind by its name, for code that treats all kinds alike. */
export function genericKindOf(name: KindName): Kind {
  return byName[name] as unknown as Kind;
}

/** apiVersion and kind by message name: what the generator of types needs. */
export function kindHeads(): Map<string, { readonly apiVersion: string; readonly kind: string }> {
  return new Map(
    [...builtIn.forms, ...virtualKinds.forms].map(({ message, apiVersion, kind }) => [
      message,
      { apiVersion, kind: kind.kind },
    ]),
  );
}
