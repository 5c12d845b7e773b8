package deploy_test

import (
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	disruption "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

const name = "store-crossgrant"

// TestPodsAreRestricted asks Kubernetes' own checks for the strictest of the Pod Security Standards.
//
// Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
func TestPodsAreRestricted(t *testing.T) {
	t.Parallel()
	judge, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, file := range []string{"least.yaml", "one.yaml", "everything.yaml"} {
		pod := &of[*apps.Deployment](t, objects(t, file), "Deployment "+name).Spec.Template
		results := judge.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec)
		if len(results) == 0 {
			t.Fatal("nothing was checked")
		}
		if sum := policy.AggregateCheckResults(results); !sum.Allowed {
			t.Errorf("%s: %s", file, sum.ForbiddenDetail())
		}
	}
}

// TestSelectorsAndPorts follows every name in an object to what it names.
func TestSelectorsAndPorts(t *testing.T) {
	t.Parallel()
	all := objects(t, "everything.yaml")
	deployment := of[*apps.Deployment](t, all, "Deployment "+name)
	pod := deployment.Spec.Template
	policyOf := of[*networking.NetworkPolicy](t, all, "NetworkPolicy "+name)
	for what, selector := range map[string]*meta.LabelSelector{
		"Deployment": deployment.Spec.Selector, "PodDisruptionBudget": of[*disruption.PodDisruptionBudget](t, all, "PodDisruptionBudget "+name).Spec.Selector,
		"NetworkPolicy": &policyOf.Spec.PodSelector, "spread": pod.Spec.TopologySpreadConstraints[0].LabelSelector,
	} {
		s, err := meta.LabelSelectorAsSelector(selector)
		if err != nil || s.Empty() || !s.Matches(labels.Set(pod.Labels)) {
			t.Errorf("the selector of the %s, %v, does not choose the pods: %v", what, s, err)
		}
	}
	ports := map[string]int32{}
	for _, p := range pod.Spec.Containers[0].Ports {
		ports[p.Name] = p.ContainerPort
	}
	services := map[string]*core.Service{name: of[*core.Service](t, all, "Service "+name), name + "-console": of[*core.Service](t, all, "Service "+name+"-console")}
	for _, s := range services {
		if !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels)) || ports[s.Spec.Ports[0].TargetPort.StrVal] == 0 {
			t.Errorf("the Service %s leads nowhere: %v", s.Name, s.Spec)
		}
	}
	for _, rule := range of[*networking.Ingress](t, all, "Ingress "+name).Spec.Rules {
		backend := rule.HTTP.Paths[0].Backend.Service
		s := services[backend.Name]
		if s == nil || s.Spec.Ports[0].Name != backend.Port.Name || (backend.Port.Name == "console") != (rule.Host == "console.example") {
			t.Errorf("the Ingress leads %s to %v", rule.Host, backend)
		}
	}
	for _, p := range policyOf.Spec.Ingress[0].Ports {
		if ports[p.Port.StrVal] == 0 {
			t.Errorf("the NetworkPolicy opens %v", p.Port)
		}
	}
	monitor := of[*monitoring.ServiceMonitor](t, all, "ServiceMonitor "+name)
	s, err := meta.LabelSelectorAsSelector(&monitor.Spec.Selector)
	if err != nil || !s.Matches(labels.Set(services[name].Labels)) || monitor.Spec.Endpoints[0].Port != services[name].Spec.Ports[0].Name {
		t.Errorf("the ServiceMonitor finds no Service: %v", err)
	}
}

// TestVolumes holds mounts, volumes and paths in the environment together.
func TestVolumes(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"least.yaml", "one.yaml", "everything.yaml"} {
		pod := of[*apps.Deployment](t, objects(t, file), "Deployment "+name).Spec.Template.Spec
		var volumes, mounts []string
		for _, v := range pod.Volumes {
			volumes = append(volumes, v.Name)
		}
		under := func(path string) bool {
			return slices.ContainsFunc(pod.Containers[0].VolumeMounts, func(m core.VolumeMount) bool { return strings.HasPrefix(path, m.MountPath+"/") })
		}
		for _, m := range pod.Containers[0].VolumeMounts {
			mounts = append(mounts, m.Name)
		}
		if slices.Sort(volumes); !slices.Equal(volumes, slices.Sorted(slices.Values(mounts))) {
			t.Errorf("%s: volumes %q are mounted as %q", file, volumes, mounts)
		}
		seen := map[string]bool{}
		for _, e := range pod.Containers[0].Env {
			if seen[e.Name] {
				t.Errorf("%s: %s is set twice", file, e.Name)
			}
			seen[e.Name] = true
			if strings.HasPrefix(e.Value, "/") && !under(e.Value) {
				t.Errorf("%s: %s is %s, where nothing is mounted", file, e.Name, e.Value)
			}
			secret := strings.Contains(e.Name, "PASSWORD") || strings.HasPrefix(e.Name, "AWS_")
			if secret && (e.Value != "" || e.ValueFrom.SecretKeyRef == nil) {
				t.Errorf("%s: %s does not come from a Secret", file, e.Name)
			}
		}
	}
}

// TestEndFitsIntoTheGracePeriod: Kubernetes kills what has not ended when terminationGracePeriodSeconds are over.
func TestEndFitsIntoTheGracePeriod(t *testing.T) {
	t.Parallel()
	pod := of[*apps.Deployment](t, objects(t, "everything.yaml"), "Deployment "+name).Spec.Template.Spec
	i := slices.IndexFunc(pod.Containers[0].Env, func(e core.EnvVar) bool { return e.Name == "CROSSGRANT_DRAIN_DELAY" })
	if i < 0 || pod.Containers[0].Env[i].Value != "30s" || *pod.TerminationGracePeriodSeconds != 120 {
		t.Errorf("the drain delay is %v, the grace period %d", pod.Containers[0].Env[i], *pod.TerminationGracePeriodSeconds)
	}
	probe := pod.Containers[0].ReadinessProbe
	if probe.HTTPGet.Path != "/-/readyz" || probe.PeriodSeconds*probe.FailureThreshold > 15 {
		t.Errorf("readiness is noticed after the shortest drain delay: %v", probe)
	}
	if p := pod.Containers[0].LivenessProbe.HTTPGet; p.Path != "/-/healthz" || p.Scheme != core.URISchemeHTTPS {
		t.Errorf("the liveness probe asks %v", p)
	}
}

// TestRulesAreThoseOfPrometheus: the PrometheusRule has the file that promtool checks, whole.
func TestRulesAreThoseOfPrometheus(t *testing.T) {
	t.Parallel()
	var want monitoring.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(read(t, "prometheus/rules.yaml"), &want); err != nil {
		t.Fatal(err)
	}
	got := of[*monitoring.PrometheusRule](t, objects(t, "everything.yaml"), "PrometheusRule "+name).Spec
	a, _ := yaml.Marshal(got)
	b, _ := yaml.Marshal(want)
	if len(want.Groups) == 0 || string(a) != string(b) {
		t.Errorf("the rules are\n%s\nwant\n%s", a, b)
	}
}
