// Command controllerruntime is a controller on controller-runtime as kubebuilder lays it out: a manager with a cache, a leader's
// lease, an owned object, a finalizer and status patches. It keeps a Deployment of paused pods for every ConfigMap with the label
// keep=deployment, with as many replicas as the ConfigMap says, and writes back how many there are.
package main

import (
	"context"
	"flag"
	"os"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const finalizer = "gantry.dev/kept"

type reconciler struct{ client.Client }

func (r reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var source corev1.ConfigMap
	if err := r.Get(ctx, request.NamespacedName, &source); err != nil || source.Labels["keep"] != "deployment" {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !source.DeletionTimestamp.IsZero() {
		if controllerutil.RemoveFinalizer(&source, finalizer) {
			return ctrl.Result{}, r.Update(ctx, &source)
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(&source, finalizer) {
		return ctrl.Result{}, r.Update(ctx, &source)
	}
	replicas, err := strconv.Atoi(source.Data["replicas"])
	if err != nil {
		return ctrl.Result{}, err
	}
	deployment := appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: source.Name, Namespace: source.Namespace}}
	if _, err := controllerutil.CreateOrUpdate(ctx, r.Client, &deployment, func() error {
		count := int32(replicas)
		labels := map[string]string{"kept-by": source.Name}
		deployment.Spec.Replicas = &count
		deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
		deployment.Spec.Template.Labels = labels
		container := corev1.Container{Name: "main", Image: source.Data["image"]}
		if containers := deployment.Spec.Template.Spec.Containers; len(containers) > 0 {
			container = containers[0]
			container.Image = source.Data["image"]
		}
		deployment.Spec.Template.Spec.Containers = []corev1.Container{container}
		return controllerutil.SetControllerReference(&source, &deployment, r.Scheme())
	}); err != nil {
		return ctrl.Result{}, err
	}
	before := source.DeepCopy()
	metav1.SetMetaDataAnnotation(&source.ObjectMeta, "ready", strconv.Itoa(int(deployment.Status.ReadyReplicas)))
	return ctrl.Result{}, r.Patch(ctx, &source, client.MergeFrom(before))
}

func main() {
	kubeconfig := flag.String("config", "", "path of the kubeconfig")
	namespace := flag.String("namespace", "default", "namespace that is looked after")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	exitOn(err)
	manager, err := ctrl.NewManager(config, ctrl.Options{
		LeaderElection: true, LeaderElectionID: "controllerruntime", LeaderElectionNamespace: *namespace,
		LeaderElectionReleaseOnCancel: true,
		Metrics:                       server.Options{BindAddress: "0"},
		Cache:                         cache.Options{DefaultNamespaces: map[string]cache.Config{*namespace: {}}},
	})
	exitOn(err)
	exitOn(ctrl.NewControllerManagedBy(manager).For(&corev1.ConfigMap{}).Owns(&appsv1.Deployment{}).Complete(reconciler{manager.GetClient()}))
	exitOn(manager.Start(ctrl.SetupSignalHandler()))
}

func exitOn(err error) {
	if err != nil {
		ctrl.Log.Error(err, "ended")
		os.Exit(1)
	}
}
