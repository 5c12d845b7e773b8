package stsapi

// ClaimsOf gives the tests what is not exported.
var ClaimsOf = claimsOf
