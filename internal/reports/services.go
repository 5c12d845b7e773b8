package reports

import (
	"maps"
	"regexp"
	"slices"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// names are the names of services, by namespace. A service that is not among them goes by its namespace.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var names = map[string]string{
	"access-analyzer":  "AWS IAM Access Analyzer",
	"cloudtrail":       "AWS CloudTrail",
	"iam":              "AWS Identity and Access Management",
	"kms":              "AWS Key Management Service",
	"organizations":    "AWS Organizations",
	"s3":               "Amazon Simple Storage Service",
	"s3-object-lambda": "Amazon S3 Object Lambda",
	"sts":              "AWS Security Token Service",
}

// served are the namespaces of the services that can be used here. They are what a wildcard for all services
// means in reports.
var served = []string{"iam", "kms", "organizations", "s3", "sts"}

// ServiceName returns the name of a service.
func ServiceName(namespace string) string {
	if name, ok := names[namespace]; ok {
		return name
	}
	return namespace
}

// namespaceRegexp is what the API allows for a namespace.
var namespaceRegexp = regexp.MustCompile(`^[\w-]{1,64}$`)

// reach is what policies allow at all: those of each layer have to, as an entity has one layer and an
// organization one for each level.
type reach [][]*policy.Document

// reachOf returns the reach of one layer. A policy that cannot be read denies everything.
func reachOf(layer authz.Layer) reach {
	documents := []*policy.Document{}
	for i := range layer {
		if layer[i].Document == nil {
			return reach{nil}
		}
		documents = append(documents, layer[i].Document)
	}
	return reach{documents}
}

// services returns the namespaces of the services that the policies allow to use, sorted: of those that are
// served here, and of those that the policies name.
func (r reach) services() []string {
	candidates := map[string]bool{}
	for _, namespace := range served {
		candidates[namespace] = true
	}
	for _, documents := range r {
		for _, namespace := range policy.NamedServices(documents) {
			candidates[namespace] = namespaceRegexp.MatchString(namespace)
		}
	}
	var out []string
	for _, namespace := range slices.Sorted(maps.Keys(candidates)) {
		if candidates[namespace] && r.allows(namespace) {
			out = append(out, namespace)
		}
	}
	return out
}

// allows reports whether the policies allow to use a service.
func (r reach) allows(namespace string) bool {
	if names := policy.ActionsOf(namespace); names != nil {
		return slices.ContainsFunc(names, func(name string) bool { return r.allowsAction(namespace + ":" + name) })
	}
	// Of a service whose actions are not known, its actions are those that the policies name.
	probes := []string{namespace + ":*"}
	for _, documents := range r {
		probes = append(probes, policy.NamedActions(documents, namespace)...)
	}
	return slices.ContainsFunc(probes, r.allowsAction)
}

func (r reach) allowsAction(action string) bool {
	for _, documents := range r {
		if !policy.CanAllow(documents, action) {
			return false
		}
	}
	return true
}

// actions returns the names of the known actions of a service that the policies allow, in alphabetic order.
func (r reach) actions(namespace string) []string {
	var out []string
	for _, name := range policy.ActionsOf(namespace) {
		if r.allowsAction(namespace + ":" + name) {
			out = append(out, name)
		}
	}
	return out
}
