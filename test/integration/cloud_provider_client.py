"""Calls a provider of nodes as an autoscaler in another language would, and prints the answers. Its argument is the provider's address."""

import json
import sys
import tempfile
from pathlib import Path

import grpc
from grpc_tools import protoc

proto = Path(__file__).resolve().parent.parent.parent / "proto"
folder = tempfile.mkdtemp(prefix="cloud-provider-client-")
files = [str(path.relative_to(proto)) for kind in ("core", "meta") for path in proto.glob(f"gantry/{kind}/v1/*.proto")]
own = Path(protoc.__file__).parent / "_proto"
arguments = ["protoc", f"-I{proto}", f"-I{own}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
assert protoc.main([*arguments, "clusterautoscaler/externalgrpc.proto", "gantry/options.proto", *files]) == 0
sys.path.insert(0, folder)
from clusterautoscaler import externalgrpc_pb2 as pb  # noqa: E402
from clusterautoscaler import externalgrpc_pb2_grpc as service  # noqa: E402
from gantry.core.v1 import node_pb2, pod_pb2  # noqa: E402

provider = service.CloudProviderStub(grpc.insecure_channel(sys.argv[1]))


def node(name):
    return pb.ExternalGrpcNode(providerID=f"played://{name}", name=name)


def size():
    return provider.NodeGroupTargetSize(pb.NodeGroupTargetSizeRequest(id="g")).targetSize


def refusal(call, request):
    try:
        call(request)
        return "OK"
    except grpc.RpcError as error:
        return error.code().name


def group_of(name):
    return provider.NodeGroupForNode(pb.NodeGroupForNodeRequest(node=node(name))).nodeGroup.id


groups = provider.NodeGroups(pb.NodeGroupsRequest()).nodeGroups
answers = {"groups": [[g.id, g.minSize, g.maxSize, g.debug] for g in groups]}
answers["groupOf"] = group_of("g-0")
answers["groupOfOther"] = group_of("elsewhere")
sizes = [size()]
provider.NodeGroupIncreaseSize(pb.NodeGroupIncreaseSizeRequest(id="g", delta=2))
sizes.append(size())
provider.NodeGroupDeleteNodes(pb.NodeGroupDeleteNodesRequest(id="g", nodes=[node("g-0")]))
sizes.append(size())
answers["sizes"] = sizes
instances = provider.NodeGroupNodes(pb.NodeGroupNodesRequest(id="g")).instances
state_name = pb.InstanceStatus.InstanceState.Name
answers["instances"] = [[each.id, state_name(each.status.instanceState)] for each in instances]
answers["refused"] = [
    refusal(provider.NodeGroupDecreaseTargetSize, pb.NodeGroupDecreaseTargetSizeRequest(id="g", delta=-1)),
    refusal(provider.NodeGroupDecreaseTargetSize, pb.NodeGroupDecreaseTargetSizeRequest(id="g", delta=1)),
    refusal(provider.NodeGroupIncreaseSize, pb.NodeGroupIncreaseSizeRequest(delta=1)),
    refusal(provider.NodeGroupTargetSize, pb.NodeGroupTargetSizeRequest(id="other")),
]
template = provider.NodeGroupTemplateNodeInfo(pb.NodeGroupTemplateNodeInfoRequest(id="g"))
assert template.nodeInfo == template.nodeBytes
info = node_pb2.Node.FromString(template.nodeBytes)
allocatable = {resource: amount.string for resource, amount in sorted(info.status.allocatable.items())}
answers["template"] = [allocatable, dict(info.metadata.labels), info.spec.taints[0].key]
asked = pb.NodeGroupAutoscalingOptionsRequest(id="g", defaults=pb.NodeGroupAutoscalingOptions())
options = provider.NodeGroupGetOptions(asked).nodeGroupAutoscalingOptions
unneeded = options.scaleDownUnneededDuration
assert options.scaleDownUnneededTime.duration == 1_500_000_000
answers["unneededSeconds"] = unneeded.seconds + unneeded.nanos / 1e9
times = {"startTimestamp": pb.Timestamp(seconds=0), "endTimestamp": pb.Timestamp(seconds=7200)}
price = provider.PricingNodePrice(pb.PricingNodePriceRequest(node=node("small"), **times)).price
pod = pod_pb2.Pod()
pod.spec.containers.add(name="a")
answers["prices"] = [price, provider.PricingPodPrice(pb.PricingPodPriceRequest(pod_bytes=pod.SerializeToString(), **times)).price]
types = provider.GetAvailableGPUTypes(pb.GetAvailableGPUTypesRequest()).gpuTypes
answers["gpu"] = [provider.GPULabel(pb.GPULabelRequest()).label, sorted(types)]
provider.Refresh(pb.RefreshRequest())
provider.Cleanup(pb.CleanupRequest())
print(json.dumps(answers))
