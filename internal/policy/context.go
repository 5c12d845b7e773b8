package policy

import (
	"slices"
	"strings"
)

// Context is the request context: the condition keys that are present, with their values. Names
// compare ignoring case. A key with no values is present and empty, which differs from absent.
//
// A context may lie over another one, whose keys it has as well unless it has one of the same name. So
// what is known of a caller, of a request and of one of its checks is put together without copying.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
type Context struct {
	entries []contextEntry
	below   *Context
}

type contextEntry struct {
	key string // in lower case
	contextValue
}

// contextValue is what a key holds: one value, or values if there are others than one.
type contextValue struct {
	one    string
	list   []string
	multi  bool
	absent bool // the key is absent, whatever the contexts below say
}

func (v *contextValue) size() int {
	if v.multi {
		return len(v.list)
	}
	return 1
}

func (v *contextValue) at(i int) string {
	if v.multi {
		return v.list[i]
	}
	return v.one
}

// Over returns an empty context that lies over below, which must not be changed afterwards.
func Over(below *Context) Context { return Context{below: below} }

// LiesOver reports whether c lies over below, directly or over others, or is it.
func (c *Context) LiesOver(below *Context) bool {
	for ; c != nil; c = c.below {
		if c == below {
			return true
		}
	}
	return false
}

// Set makes the single-valued key present with this value.
func (c *Context) Set(key, value string) { c.set(key, contextValue{one: value}) }

// SetMulti makes the multivalued key present with these values.
func (c *Context) SetMulti(key string, values []string) {
	c.set(key, contextValue{list: values, multi: true})
}

// SetAbsent makes the key absent, also if a context below has it.
func (c *Context) SetAbsent(key string) { c.set(key, contextValue{absent: true}) }

// Lookup returns the values of key and whether the key is multivalued; ok is false if it is absent.
func (c *Context) Lookup(key string) (values []string, multi, ok bool) {
	v := c.find(strings.ToLower(key))
	switch {
	case v == nil:
		return nil, false, false
	case v.multi:
		return v.list, true, true
	default:
		return []string{v.one}, false, true
	}
}

// Keys returns the names of the keys that are present, in lower case, in no particular order.
func (c *Context) Keys() []string {
	var keys []string
	seen := map[string]bool{}
	for ; c != nil; c = c.below {
		for i := range c.entries {
			e := &c.entries[i]
			if !seen[e.key] && !e.absent {
				keys = append(keys, e.key)
			}
			seen[e.key] = true
		}
	}
	return keys
}

// find returns the value of a key in lower case, or nil.
func (c *Context) find(key string) *contextValue {
	for ; c != nil; c = c.below {
		for i := range c.entries {
			if c.entries[i].key != key {
				continue
			}
			if c.entries[i].absent {
				return nil
			}
			return &c.entries[i].contextValue
		}
	}
	return nil
}

// Grow makes room for so many more keys.
func (c *Context) Grow(n int) { c.entries = slices.Grow(c.entries, n) }

// lowerKeys are the names, in lower case, of the keys that every request has.
var lowerKeys = func() map[string]string {
	names := map[string]string{}
	for _, name := range [...]string{
		"aws:CurrentTime", "aws:EpochTime", "aws:SecureTransport", "aws:ViaAWSService", "aws:SourceIp", "aws:UserAgent",
		"aws:Referer", "aws:RequestedRegion", "s3:authType", "aws:ResourceAccount", "s3:ResourceAccount",
		"s3:ObjectCreationOperation", "s3:TlsVersion",
	} {
		names[name] = strings.ToLower(name)
	}
	return names
}()

func lowerKey(key string) string {
	if lower, ok := lowerKeys[key]; ok {
		return lower
	}
	return strings.ToLower(key)
}

func (c *Context) set(key string, v contextValue) {
	key = lowerKey(key)
	for i := range c.entries {
		if c.entries[i].key == key {
			c.entries[i].contextValue = v
			return
		}
	}
	if c.entries == nil {
		c.Grow(4)
	}
	c.entries = append(c.entries, contextEntry{key, v})
}
