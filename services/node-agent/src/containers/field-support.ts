/**
 * Every field of a pod's spec by message, and who sees to it:
 * - `agent`: this agent obeys it.
 * - `others`: the api, the scheduler or a controller obeys it, or it concerns them alone.
 * - `moot`: nothing that this node offers depends on it; the comment says why.
 * - `refused`: containers (refusals.ts, env.ts), volumes (payload.ts, manager.ts) or pods (admission.ts) that ask for it do not start.
 * A test holds the list complete against the schema and tries every refusal: a new field has to be decided on.
 */
export type FieldSupport = 'agent' | 'others' | 'moot' | 'refused';

const allOf = (support: FieldSupport, names: string): Record<string, FieldSupport> =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, support]));

const configKey = allOf('agent', 'name key optional');
const projectedKeys = allOf('agent', 'name items optional');
const port = allOf('agent', 'port host');

/** By message of gantry.core.v1, then by JSON name of the field. */
export const fieldSupport: Readonly<Record<string, Readonly<Record<string, FieldSupport>>>> = {
  PodSpec: {
    ...allOf('agent', 'volumes initContainers containers ephemeralContainers restartPolicy'),
    ...allOf('agent', 'terminationGracePeriodSeconds'),
    ...allOf('agent', 'activeDeadlineSeconds dnsPolicy dnsConfig hostNetwork hostPID hostIPC shareProcessNamespace'),
    ...allOf('agent', 'securityContext imagePullSecrets hostname subdomain hostAliases readinessGates'),
    ...allOf('agent', 'enableServiceLinks setHostnameAsFQDN hostnameOverride os resources'),
    ...allOf('others', 'nodeSelector serviceAccountName serviceAccount automountServiceAccountToken nodeName affinity'),
    ...allOf('others', 'schedulerName tolerations priorityClassName priority preemptionPolicy overhead'),
    ...allOf('others', 'topologySpreadConstraints schedulingGates'),
    ...allOf('refused', 'runtimeClassName hostUsers resourceClaims'),
  },
  PodOS: allOf('refused', 'name'),
  PodReadinessGate: allOf('agent', 'conditionType'),
  LocalObjectReference: allOf('agent', 'name'),
  HostAlias: allOf('agent', 'ip hostnames'),
  PodDNSConfig: allOf('agent', 'nameservers searches options'),
  PodDNSConfigOption: allOf('agent', 'name value'),
  PodSecurityContext: {
    ...allOf('agent', 'runAsUser runAsGroup runAsNonRoot supplementalGroups fsGroup seccompProfile'),
    // Only files that the agent itself makes get the group, and those always have it.
    ...allOf('moot', 'fsGroupChangePolicy'),
    // seLinuxOptions are refused where the kernel enforces SELinux, and ask for nothing where it does not: volumes get no labels.
    ...allOf('moot', 'seLinuxChangePolicy'),
    ...allOf('refused', 'seLinuxOptions windowsOptions supplementalGroupsPolicy sysctls appArmorProfile'),
  },
  SeccompProfile: allOf('agent', 'type localhostProfile'),
  Container: {
    ...allOf('agent', 'name image command args workingDir ports envFrom env resources restartPolicy volumeMounts'),
    ...allOf('agent', 'livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath'),
    ...allOf('agent', 'terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty resizePolicy'),
    ...allOf('refused', 'restartPolicyRules volumeDevices'),
  },
  // The api refuses ports, probes, resources, lifecycle and restarts of those.
  EphemeralContainer: {
    ...allOf('agent', 'name image command args workingDir envFrom env volumeMounts targetContainerName'),
    ...allOf('agent', 'terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext'),
    ...allOf('agent', 'stdin stdinOnce tty'),
    ...allOf('moot', 'ports resources resizePolicy restartPolicy livenessProbe readinessProbe startupProbe lifecycle'),
    ...allOf('refused', 'restartPolicyRules volumeDevices'),
  },
  ContainerResizePolicy: allOf('agent', 'resourceName restartPolicy'),
  ContainerPort: allOf('agent', 'name hostPort containerPort protocol hostIP'),
  EnvFromSource: allOf('agent', 'prefix configMapRef secretRef'),
  ConfigMapEnvSource: allOf('agent', 'name optional'),
  SecretEnvSource: allOf('agent', 'name optional'),
  EnvVar: allOf('agent', 'name value valueFrom'),
  EnvVarSource: {
    ...allOf('agent', 'fieldRef resourceFieldRef configMapKeyRef secretKeyRef'),
    ...allOf('refused', 'fileKeyRef'),
  },
  // There is one version of the api.
  ObjectFieldSelector: { ...allOf('moot', 'apiVersion'), ...allOf('agent', 'fieldPath') },
  ResourceFieldSelector: allOf('agent', 'containerName resource divisor'),
  ConfigMapKeySelector: configKey,
  SecretKeySelector: configKey,
  ResourceRequirements: { ...allOf('agent', 'limits requests'), ...allOf('refused', 'claims') },
  VolumeMount: {
    ...allOf('agent', 'name readOnly mountPath subPath mountPropagation subPathExpr'),
    ...allOf('refused', 'recursiveReadOnly'),
  },
  Probe: {
    ...allOf('agent', 'exec httpGet tcpSocket grpc initialDelaySeconds timeoutSeconds periodSeconds'),
    ...allOf('agent', 'successThreshold failureThreshold terminationGracePeriodSeconds'),
  },
  ExecAction: allOf('agent', 'command'),
  HTTPGetAction: allOf('agent', 'path port host scheme httpHeaders'),
  HTTPHeader: allOf('agent', 'name value'),
  TCPSocketAction: port,
  GRPCAction: allOf('agent', 'port service'),
  SleepAction: allOf('agent', 'seconds'),
  Lifecycle: { ...allOf('agent', 'postStart preStop'), ...allOf('refused', 'stopSignal') },
  // A hook by TCP fails, as with Kubernetes.
  LifecycleHandler: allOf('agent', 'exec httpGet tcpSocket sleep'),
  SecurityContext: {
    ...allOf('agent', 'capabilities privileged runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem'),
    ...allOf('agent', 'allowPrivilegeEscalation seccompProfile procMount'),
    ...allOf('refused', 'seLinuxOptions windowsOptions appArmorProfile'),
  },
  Capabilities: allOf('agent', 'add drop'),
  Volume: {
    ...allOf('agent', 'name hostPath emptyDir secret downwardAPI configMap projected'),
    ...allOf('refused', 'gcePersistentDisk awsElasticBlockStore gitRepo nfs iscsi glusterfs persistentVolumeClaim rbd'),
    ...allOf('refused', 'flexVolume cinder cephfs flocker fc azureFile vsphereVolume quobyte azureDisk'),
    ...allOf('refused', 'photonPersistentDisk portworxVolume scaleIO storageos csi ephemeral image'),
  },
  HostPathVolumeSource: allOf('agent', 'path type'),
  EmptyDirVolumeSource: allOf('agent', 'medium sizeLimit'),
  SecretVolumeSource: allOf('agent', 'secretName items defaultMode optional'),
  ConfigMapVolumeSource: allOf('agent', 'name items defaultMode optional'),
  DownwardAPIVolumeSource: allOf('agent', 'items defaultMode'),
  ProjectedVolumeSource: allOf('agent', 'sources defaultMode'),
  VolumeProjection: allOf(
    'agent',
    'secret downwardAPI configMap serviceAccountToken clusterTrustBundle podCertificate',
  ),
  PodCertificateProjection: {
    ...allOf('agent', 'signerName keyType maxExpirationSeconds credentialBundlePath keyPath certificateChainPath'),
    ...allOf('agent', 'userAnnotations'),
  },
  ClusterTrustBundleProjection: allOf('agent', 'name signerName labelSelector optional path'),
  ServiceAccountTokenProjection: allOf('agent', 'audience expirationSeconds path'),
  SecretProjection: projectedKeys,
  ConfigMapProjection: projectedKeys,
  DownwardAPIProjection: allOf('agent', 'items'),
  KeyToPath: allOf('agent', 'key path mode'),
  DownwardAPIVolumeFile: allOf('agent', 'path fieldRef resourceFieldRef mode'),
};
