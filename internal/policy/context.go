package policy

import "strings"

// Context is the request context: the condition keys that are present, with their values. Names
// compare ignoring case. A key with no values is present and empty, which differs from absent.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
type Context struct{ keys map[string]contextValue }

type contextValue struct {
	values []string
	multi  bool
}

// Set makes the single-valued key present with this value.
func (c *Context) Set(key, value string) { c.set(key, contextValue{values: []string{value}}) }

// SetMulti makes the multivalued key present with these values.
func (c *Context) SetMulti(key string, values []string) {
	c.set(key, contextValue{values: values, multi: true})
}

// Lookup returns the values of key and whether the key is multivalued; ok is false if it is absent.
func (c *Context) Lookup(key string) (values []string, multi, ok bool) {
	v, ok := c.keys[strings.ToLower(key)]
	return v.values, v.multi, ok
}

// Clone returns a copy that can be changed without changing c. Values are shared.
func (c *Context) Clone() Context {
	d := Context{keys: make(map[string]contextValue, len(c.keys)+8)}
	for k, v := range c.keys {
		d.keys[k] = v
	}
	return d
}

// Merge makes every key of d present in c with d's values.
func (c *Context) Merge(d *Context) {
	for k, v := range d.keys {
		c.set(k, v)
	}
}

func (c *Context) set(key string, v contextValue) {
	if c.keys == nil {
		c.keys = make(map[string]contextValue, 24)
	}
	c.keys[strings.ToLower(key)] = v
}
