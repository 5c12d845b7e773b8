// Package space finds the requests that some policy documents can tell apart.
//
// There are infinitely many requests, but a document sees little of each: which of its patterns match the action and
// the resource, which of its principals name the caller, and which of its conditions hold. Two requests of which it
// sees the same are judged alike. A Space goes through requests that stand for all others: for every request there is
// one among them that all its documents see in the same way. Whoever has to know what holds of all requests asks
// about these few; nothing is judged here, that is what package policy does.
//
//	cells.go      strings that patterns can tell apart, by the product of their automata
//	actions.go    actions: those of the services whose actions are known, and names of others
//	principals.go callers: those that are named, and for each account another one
//	tests.go      conditions, key by key: the values that they can tell apart
//	rewrite.go    what is not told apart exactly, and becomes a condition that may hold or not
//	space.go      all of that together
//
// What is gone through may be more than there can be, never less: a combination of conditions that no request meets
// may be among it, such as an address and an organization that have nothing to do with each other. So what is found
// to hold of all holds, and what is found not to hold of one may be a false alarm.
package space
