package sse

import (
	"crypto/md5"
	"crypto/subtle"
)

// CustomerKey is a key that a customer sends with a request (SSE-C). It prints redacted.
type CustomerKey struct{ secret [KeySize]byte }

// NewCustomerKey returns the key with these bytes; ok is false unless there are KeySize of them.
func NewCustomerKey(secret []byte) (k *CustomerKey, ok bool) {
	if len(secret) != KeySize {
		return nil, false
	}
	return &CustomerKey{[KeySize]byte(secret)}, true
}

// MD5 returns the MD5 of the key, by which clients and records tell it.
func (k *CustomerKey) MD5() []byte {
	sum := md5.Sum(k.secret[:])
	return sum[:]
}

// Is reports whether sum is the MD5 of the key.
func (k *CustomerKey) Is(sum []byte) bool { return subtle.ConstantTimeCompare(k.MD5(), sum) == 1 }

// String does not tell the key.
func (k *CustomerKey) String() string { return "customer key" }

// GoString does not tell the key.
func (k *CustomerKey) GoString() string { return k.String() }
