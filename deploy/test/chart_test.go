package deploy_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/releaseutil"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	disruption "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// kinds makes an empty object of each kind that the chart may have.
var kinds = map[string]func() any{
	"apps/v1 Deployment":                      func() any { return &apps.Deployment{} },
	"v1 Service":                              func() any { return &core.Service{} },
	"v1 ServiceAccount":                       func() any { return &core.ServiceAccount{} },
	"policy/v1 PodDisruptionBudget":           func() any { return &disruption.PodDisruptionBudget{} },
	"networking.k8s.io/v1 Ingress":            func() any { return &networking.Ingress{} },
	"networking.k8s.io/v1 NetworkPolicy":      func() any { return &networking.NetworkPolicy{} },
	"monitoring.coreos.com/v1 ServiceMonitor": func() any { return &monitoring.ServiceMonitor{} },
	"monitoring.coreos.com/v1 PrometheusRule": func() any { return &monitoring.PrometheusRule{} },
}

// load reads the chart as helm does.
func load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.Load("../helm/crossgrant")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// render returns what `helm template store` would print, by file. Values that the schema refuses are an error.
func render(t *testing.T, values map[string]any) (map[string]string, error) {
	t.Helper()
	c := load(t)
	release := chartutil.ReleaseOptions{Name: "store", Namespace: "storage", IsInstall: true}
	all, err := chartutil.ToRenderValues(c, values, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Engine{Strict: true}.Render(c, all)
}

// objects returns what a values file of the chart's folder ci makes, by kind and name. Unknown fields fail the test.
func objects(t *testing.T, file string) map[string]any {
	t.Helper()
	files, err := render(t, values(t, file))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for name, text := range files {
		if path.Ext(name) != ".yaml" {
			continue
		}
		for _, document := range releaseutil.SplitManifests(text) {
			var head struct {
				APIVersion, Kind string
				Metadata         struct{ Name string }
			}
			if err := yaml.Unmarshal([]byte(document), &head); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, document)
			}
			kind := head.APIVersion + " " + head.Kind
			if kinds[kind] == nil {
				t.Fatalf("%s has an object of kind %q", name, kind)
			}
			object := kinds[kind]()
			if err := yaml.UnmarshalStrict([]byte(document), object); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, document)
			}
			key := head.Kind + " " + head.Metadata.Name
			if out[key] != nil {
				t.Fatalf("there are two of %s", key)
			}
			out[key] = object
		}
	}
	return out
}

func values(t *testing.T, file string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.UnmarshalStrict(read(t, "helm/crossgrant/ci/"+file), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestKinds tells which objects each values file makes.
func TestKinds(t *testing.T) {
	t.Parallel()
	least := []string{"Deployment store-crossgrant", "PodDisruptionBudget store-crossgrant", "Service store-crossgrant", "ServiceAccount store-crossgrant"}
	for file, want := range map[string][]string{
		"least.yaml": least,
		"one.yaml":   {"Deployment store-crossgrant", "NetworkPolicy store-crossgrant", "Service store-crossgrant", "ServiceAccount store-crossgrant"},
		"everything.yaml": append([]string{
			"Ingress store-crossgrant", "NetworkPolicy store-crossgrant", "PrometheusRule store-crossgrant", "Service store-crossgrant-console",
			"ServiceMonitor store-crossgrant",
		}, least...),
	} {
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(objects(t, file))); !slices.Equal(got, want) {
			t.Errorf("%s makes\n%q\nwant\n%q", file, got, want)
		}
	}
}

// TestSchemaIsOfTheValues holds the schema and the values together: each default is allowed, and described.
func TestSchemaIsOfTheValues(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	if err := yaml.Unmarshal(read(t, "helm/crossgrant/values.schema.json"), &schema); err != nil {
		t.Fatal(err)
	}
	compare(t, "", load(t).Values, schema)
}

// compare reports values that the schema does not name, and what it names that has no value.
func compare(t *testing.T, at string, values, schema map[string]any) {
	named, _ := schema["properties"].(map[string]any)
	for name, v := range values {
		sub, ok := named[name].(map[string]any)
		if !ok {
			t.Errorf("the schema lacks %s%s", at, name)
		} else if v, ok := v.(map[string]any); ok && sub["properties"] != nil {
			compare(t, at+name+".", v, sub)
		}
	}
	for name := range named {
		if _, ok := values[name]; !ok && at+name != "global" { // which is helm's
			t.Errorf("there is no default of %s%s", at, name)
		}
	}
}

// TestRefused has values with one mistake each, in the form in which --set takes them, and what is said about it.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		at    string
		value any
		want  string
	}{
		{"image.repository", "", "repository"},
		{"image.repository", "registry.example/crossgrant:v1", "repository"},
		{"image.digest", "sha256:12", "digest"},
		{"metadata.url", "postgres://crossgrant:secret@db/crossgrant", "url"},
		{"metadata.url", "mysql://crossgrant@db/crossgrant", "url"},
		{"metadata.existingSecret", "", "existingSecret"},
		{"blobs.url", "https://rgw.example/bucket", "url"},
		{"masterKey.existingSecret", "", "existingSecret"},
		{"replica", 3, "replica"},
		{"console.listen", ":9001", "listen"},
		{"extraEnv", []any{map[string]any{"name": "PGPASSWORD", "value": "secret"}}, "extraEnv"},
		{"extraEnv", []any{map[string]any{"name": "CROSSGRANT_META", "value": "memory:"}}, "extraEnv"},
		{"drainDelaySeconds", 60, "terminationGracePeriodSeconds: 90 is less than"},
		{"ingress.enabled", true, "ingress.enabled needs ingress.hosts"},
		{"ingress.consoleHost", "console.example", "ingress.consoleHost needs console.enabled"},
		{"console.enabled", true, "console.enabled needs console.url and console.apiURL"},
		{"service.externalTrafficPolicy", "Local", "is for NodePort and LoadBalancer"},
	} {
		v := values(t, "least.yaml")
		set(v, strings.Split(test.at, "."), test.value)
		if _, err := render(t, v); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s=%v: got %v, want an error with %q", test.at, test.value, err, test.want)
		}
	}
	if _, err := render(t, nil); err == nil {
		t.Error("the defaults alone are enough")
	}
}

func set(in map[string]any, at []string, value any) {
	if len(at) == 1 {
		in[at[0]] = value
		return
	}
	sub, ok := in[at[0]].(map[string]any)
	if !ok {
		sub = map[string]any{}
		in[at[0]] = sub
	}
	set(sub, at[1:], value)
}

// of returns an object, which has to be there.
func of[T any](t *testing.T, all map[string]any, key string) T {
	t.Helper()
	o, ok := all[key].(T)
	if !ok {
		t.Fatalf("there is no %s but %v", key, fmt.Sprint(slices.Sorted(maps.Keys(all))))
	}
	return o
}
