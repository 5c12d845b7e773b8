package simulator

import (
	"slices"
	"strings"

	"crossgrant/internal/arn"
)

// scenarios has the kinds of resource that each scenario of EC2 needs, by the type word of their ARNs.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
// (ResourceHandlingOption)
var scenarios = map[string][]string{
	"EC2-VPC-InstanceStore":        {"instance", "image", "security-group", "network-interface"},
	"EC2-VPC-InstanceStore-Subnet": {"instance", "image", "security-group", "network-interface", "subnet"},
	"EC2-VPC-EBS":                  {"instance", "image", "security-group", "network-interface", "volume"},
	"EC2-VPC-EBS-Subnet":           {"instance", "image", "security-group", "network-interface", "subnet", "volume"},
}

// checkHandling refuses a scenario that is not known or lacks a resource. That it holds is all that a
// scenario means.
func checkHandling(option string, resources []string) error {
	if option == "" {
		return nil
	}
	needed, ok := scenarios[option]
	if !ok {
		return invalid("Invalid resource handling option: %s.", option)
	}
	for _, word := range needed {
		if !slices.ContainsFunc(resources, func(r string) bool { return isEC2(r, word) }) {
			return invalid("The resource handling option %s needs the ARN of a resource of type %s.", option, word)
		}
	}
	return nil
}

func isEC2(resource, word string) bool {
	a, err := arn.Parse(resource)
	return err == nil && strings.EqualFold(a.Service, "ec2") && a.Type() == word
}
