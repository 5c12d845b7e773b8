package event

import (
	_ "embed" // of operations.txt
	"strings"

	"crossgrant/internal/audit"
)

// Category tells which trails an event is for.
type Category uint8

// The categories. Data events are for trails that select them.
const (
	Unlogged Category = iota // of a request that makes no event
	Management
	Data
)

// Facts is what decides whether a trail wants an event.
type Facts struct {
	Category     Category
	Name, Source string // eventName; eventSource, such as "s3.amazonaws.com"
	ReadOnly     bool
	// ResourceType and ResourceARN are those that a data event is selected by: "AWS::S3::Object" and the ARN of the
	// object. For operations on the bucket it is "arn:aws:s3:::BUCKET/", followed by the prefix that a list asks for.
	ResourceType, ResourceARN string
}

// CategoryOf returns the Category of FactsOf, and allocates nothing.
func CategoryOf(r *audit.Record) Category {
	if o := operationOf(r); o != nil {
		return o.category
	}
	return Unlogged
}

// FactsOf returns what decides whether a trail wants the event of r. It allocates nothing but the ARN.
//
// A request that could not be authenticated makes no event, nor does one in which no operation was recognised.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/logging-with-S3.html (note 1) and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
func FactsOf(r *audit.Record) Facts {
	o := operationOf(r)
	if o == nil {
		return Facts{}
	}
	f := Facts{Category: o.category, Name: o.name, Source: o.source, ReadOnly: o.readOnly}
	if o.category == Data {
		f.ResourceType, f.ResourceARN = objectType, objectARN(r, o.on)
	}
	return f
}

const (
	objectType = "AWS::S3::Object"
	bucketType = "AWS::S3::Bucket"
	roleType   = "AWS::IAM::Role"
	s3ARN      = "arn:aws:s3:::"
)

// objectARN returns the ARN of the object that r is about, or, on list and objects, what those of the objects begin
// with.
func objectARN(r *audit.Record, on resource) string {
	switch on {
	case onObject:
		return s3ARN + r.Bucket + "/" + r.Key
	case onList:
		return s3ARN + r.Bucket + "/" + parameter(r.Query, "prefix")
	}
	return s3ARN + r.Bucket + "/"
}

// resource tells what an event tells as its resources.
type resource uint8

const (
	onNone resource = iota
	onObject
	onList    // the objects below the prefix that is asked for
	onObjects // all of the bucket
	onBucket
	onRole
)

// operation is a line of operations.txt.
type operation struct {
	name, source string
	category     Category
	readOnly     bool
	on           resource
}

// operationOf returns the line of the operation that r is of; nil if it is of none.
func operationOf(r *audit.Record) *operation {
	if r.Operation == "" {
		return nil
	}
	if isSignIn(r) && r.ErrorCode == mfaRequired {
		return operations[r.Service][checkMFA]
	}
	if o := operations[r.Service][r.Operation]; o != nil {
		return o
	}
	// What has no line yet must not go unseen: what it does not say is what makes more trails log it.
	return &operation{name: r.Operation, source: sourceOf(r.Service), category: Management}
}

// Knows reports whether an operation of a service has a line in operations.txt, as every one should.
func Knows(service, operation string) bool { return operations[service][operation] != nil }

// sourceOf returns the eventSource of a service. S3's is one for all of its APIs; crossgrant is a service of this
// server only, which AWS has not.
func sourceOf(service string) string {
	if service == "s3-control" || service == "s3-website" {
		service = "s3"
	}
	return service + ".amazonaws.com"
}

//go:embed operations.txt
var operationsText string

// operations are the lines of operations.txt by service and operation.
var operations = readOperations(operationsText)

// readOperations panics, at start, if the table is malformed.
func readOperations(text string) map[string]map[string]*operation {
	categories := map[string]Category{"management": Management, "data": Data}
	kinds := map[string]resource{"none": onNone, "object": onObject, "list": onList, "objects": onObjects, "bucket": onBucket, "role": onRole}
	table := map[string]map[string]*operation{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if len(words) < 5 || len(words) > 6 {
			panic("event: operation " + line)
		}
		category, known := categories[words[2]]
		on, known2 := kinds[words[4]]
		service, name := words[0], words[1]
		if !known || !known2 || words[3] != "read" && words[3] != "write" || table[service][name] != nil {
			panic("event: operation " + line)
		}
		o := &operation{name: words[len(words)-1], source: sourceOf(service), category: category, readOnly: words[3] == "read", on: on}
		if len(words) == 5 {
			o.name = name
		}
		if table[service] == nil {
			table[service] = map[string]*operation{}
		}
		table[service][name] = o
	}
	return table
}
