package authz

import (
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// sendable describes a condition key whose value is up to whoever makes a request.
type sendable struct {
	// values are those that there are; nil: any of the key's type.
	values []string
	// optional says that a request can be without it.
	optional bool
	// with are keys that a request that has this one has as well.
	with []Key
}

var (
	cannedACLs  = strings.Fields("private bucket-owner-full-control bucket-owner-read authenticated-read public-read public-read-write aws-exec-read")
	mfaPresent  = []Key{{Name: "aws:MultiFactorAuthPresent", Values: []string{"true"}}}
	mfaAge      = []Key{{Name: "aws:MultiFactorAuthAge", Values: []string{"0"}}}
	kmsEncrypts = []Key{{Name: "s3:x-amz-server-side-encryption", Values: []string{"aws:kms"}}}
)

// sendables are these keys, by name in lower case. That of a tag ends before the tag's key.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
var sendables = map[string]sendable{
	"aws:securetransport":        {values: []string{"true", "false"}},
	"aws:multifactorauthpresent": {values: []string{"true"}, optional: true, with: mfaAge},
	"aws:multifactorauthage":     {optional: true, with: mfaPresent},
	"aws:sourceip":               {},
	"aws:useragent":              {optional: true},
	"aws:referer":                {optional: true},
	"aws:requesttag/":            {optional: true},
	"aws:tagkeys":                {optional: true},

	"s3:authtype":                                    {values: []string{"REST-HEADER", "REST-QUERY-STRING", "POST"}},
	"s3:tlsversion":                                  {values: []string{"1.2", "1.3"}},
	"s3:prefix":                                      {optional: true},
	"s3:delimiter":                                   {optional: true},
	"s3:max-keys":                                    {optional: true},
	"s3:if-match":                                    {optional: true},
	"s3:if-none-match":                               {values: []string{"*"}, optional: true},
	"s3:locationconstraint":                          {optional: true},
	"s3:x-amz-acl":                                   {values: cannedACLs, optional: true},
	"s3:x-amz-grant-read":                            {optional: true},
	"s3:x-amz-grant-write":                           {optional: true},
	"s3:x-amz-grant-read-acp":                        {optional: true},
	"s3:x-amz-grant-write-acp":                       {optional: true},
	"s3:x-amz-grant-full-control":                    {optional: true},
	"s3:x-amz-metadata-directive":                    {values: []string{"COPY", "REPLACE"}, optional: true},
	"s3:x-amz-object-ownership":                      {values: []string{"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"}, optional: true},
	"s3:x-amz-server-side-encryption":                {values: []string{"AES256", "aws:kms", "aws:kms:dsse"}, optional: true},
	"s3:x-amz-server-side-encryption-aws-kms-key-id": {optional: true, with: kmsEncrypts},
	"s3:x-amz-server-side-encryption-customer-algorithm": {values: []string{"AES256"}, optional: true},
	"s3:x-amz-storage-class": {
		values:   strings.Fields("STANDARD REDUCED_REDUNDANCY STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING GLACIER DEEP_ARCHIVE GLACIER_IR"),
		optional: true,
	},
	"s3:x-amz-website-redirect-location":      {optional: true},
	"s3:object-lock-mode":                     {values: []string{"GOVERNANCE", "COMPLIANCE"}, optional: true},
	"s3:object-lock-legal-hold":               {values: []string{"ON", "OFF"}, optional: true},
	"s3:object-lock-remaining-retention-days": {optional: true},
	"s3:requestobjecttag/":                    {optional: true},
	"s3:requestobjecttagkeys":                 {optional: true},

	"sts:externalid":          {optional: true},
	"sts:rolesessionname":     {},
	"sts:sourceidentity":      {optional: true},
	"sts:transitivetagkeys":   {optional: true},
	"iam:permissionsboundary": {optional: true},
}

// toSend returns what is known of a key that a request for an action can have as whoever makes it likes.
func toSend(action, key string) (s sendable, ok bool) {
	key = strings.ToLower(key)
	if i := strings.IndexByte(key, '/'); i >= 0 {
		key = key[:i+1]
	}
	if s, ok = sendables[key]; !ok {
		return s, false
	}
	service, _, _ := strings.Cut(key, ":")
	of, _, _ := strings.Cut(strings.ToLower(action), ":")
	tags := key == "aws:requesttag/" || key == "aws:tagkeys"
	switch {
	case service == "s3":
		return s, policy.S3ActionTakes(action, key+tagOf(key))
	case tags && of == "s3":
		return s, false // what S3 tags objects with has keys of its own
	default:
		return s, service == "aws" || service == of
	}
}

// tagOf completes the key of a tag.
func tagOf(key string) string {
	if strings.HasSuffix(key, "/") {
		return "tag"
	}
	return ""
}

// denyKeys returns the edit that sends other values for a condition of the statement that denies, so that it
// does not hold any more; none if that is not up to whoever asks.
func (s *step) denyKeys(e Edit, d *policy.Document) []Edit {
	i := int(s.by.Statement)
	for j := range d.Statements[i].Conditions {
		if keys := s.keysFor(d, i, j, false, s.in.Request.Context); keys != nil {
			e.Kind, e.Side, e.Keys, e.Also = SetKeys, RequestSide, keys, 0
			return []Edit{e}
		}
	}
	return nil
}

// nearKeys returns the edit that sends the values of a statement of a layer that would allow the request if all
// of its conditions held, of such statements that of which the fewest do not; none if there is none.
func (s *step) nearKeys(k LayerKind, level uint8) []Edit {
	if k != SCP && k != RCP {
		level = 0
	}
	layer, _ := layerAt(s.in, k, level)
	var best []Edit
	for place := range layer {
		d := layer[place].Document
		if d == nil {
			continue
		}
		for i := range d.Statements {
			keys := s.satisfy(d, i)
			if keys == nil || best != nil && len(best[0].Keys) <= len(keys) {
				continue
			}
			best = []Edit{{
				Kind: SetKeys, Side: RequestSide, Layer: k, Level: level,
				Policy: layer[place].Name, Place: place, Statement: i, Keys: keys,
			}}
		}
	}
	return best
}

// satisfy returns keys with which an Allow matches that misses nothing but conditions.
func (s *step) satisfy(d *policy.Document, i int) []Key {
	if d.Statements[i].Effect == policy.Deny {
		return nil
	}
	t := d.Try(i, &s.q)
	if !t.Action || !t.Resource || !t.Principal {
		return nil
	}
	var keys []Key
	context := policy.Over(s.in.Request.Context)
	for j := range t.Conditions {
		if d.Holds(i, j, &context) {
			continue
		}
		more := s.keysFor(d, i, j, true, &context)
		if more == nil {
			return nil
		}
		keys = append(keys, more...)
		put(&context, more)
	}
	for j := range t.Conditions {
		if !d.Holds(i, j, &context) {
			return nil // two conditions want different values of one key
		}
	}
	return keys
}

// keysFor returns keys with which condition j of statement i holds, or does not; nil if none are up to whoever
// asks.
func (s *step) keysFor(d *policy.Document, i, j int, holds bool, below *policy.Context) []Key {
	name := d.Statements[i].Conditions[j].Key
	about, ok := toSend(s.in.Request.Action, name)
	if !ok {
		return nil
	}
	info, known := policy.KeyInfo(name)
	var offers []Key
	for _, value := range slices.Concat(d.Nearby(i, j, below), about.values) {
		if known && !info.Accepts(value) || about.values != nil && !slices.Contains(about.values, value) || value == "" {
			continue
		}
		offers = append(offers, Key{Name: name, Values: []string{value}, Multi: info.Multivalued})
	}
	if about.optional {
		offers = append(offers, Key{Name: name, Absent: true})
	}
	for _, offer := range offers {
		keys := []Key{offer}
		if !offer.Absent {
			keys = append(keys, lacking(about.with, below)...)
		}
		context := policy.Over(below)
		put(&context, keys)
		if d.Holds(i, j, &context) == holds {
			return keys
		}
	}
	return nil
}

// lacking returns those of keys that a context has not as they are.
func lacking(keys []Key, c *policy.Context) []Key {
	var out []Key
	for _, k := range keys {
		if values, _, ok := c.Lookup(k.Name); !ok || !slices.Equal(values, k.Values) && k.Name != "aws:MultiFactorAuthAge" {
			out = append(out, k)
		}
	}
	return out
}

// put sets keys in a context.
func put(c *policy.Context, keys []Key) {
	for _, k := range keys {
		switch {
		case k.Absent:
			c.SetAbsent(k.Name)
		case k.Multi:
			c.SetMulti(k.Name, k.Values)
		default:
			c.Set(k.Name, k.Values[0])
		}
	}
}
