package matrix_test

import "crossgrant/internal/explain"

// The worlds of the answers, and what lies in them.
const (
	everyoneWrites = "answers-01-03-acl-everyone"
	accountWrites  = "answers-04-08-acl-account"
	policyNames    = "answers-09-10-bucket-policy"
	delegatesMore  = "answer-11-delegation"
	policyDemands  = "answer-12-condition"
	roleTrusts     = "answer-13-role"

	ofB      = "image-from-b-admin.png" // uploaded by B without an ACL
	ofA      = "image-heartin-k.png"
	byRole   = "by-role.png" // of A
	fullA    = "bucket-owner-full-control"
	inBucket = "bucket policy of " + logs
)

// What is asked.
var (
	upload  = wish{action: "s3:PutObject", key: "upload.png"} // where nothing is
	shared  = wish{action: "s3:PutObject", key: "upload.png", acl: fullA}
	readB   = wish{action: "s3:GetObject", key: ofB}
	removeB = wish{action: "s3:DeleteObject", key: ofB}
	readA   = wish{action: "s3:GetObject", key: ofA}
	removeA = wish{action: "s3:DeleteObject", key: ofA}
	list    = wish{action: "s3:ListBucket"}
	assume  = wish{action: "sts:AssumeRole"}
	undo    = wish{action: "s3:DeleteObject", key: byRole}
)

// What layers say in several answers.
var (
	aclToEveryone = said{layer: bucketACLLayer, effect: explain.Allowed, grant: "WRITE to Group http://acs.amazonaws.com/groups/global/AllUsers"}
	aclToB        = said{layer: bucketACLLayer, effect: explain.Allowed, grant: "WRITE to CanonicalUser " + canonicalB}
	aclToA        = said{layer: bucketACLLayer, effect: explain.Allowed, grant: "FULL_CONTROL to CanonicalUser " + canonicalA}
	aclSilent     = said{layer: bucketACLLayer, effect: explain.ImplicitDeny}
	objectSilent  = said{layer: objectLayer, effect: explain.ImplicitDeny}
	policySilent  = said{layer: resourceLayer, effect: explain.ImplicitDeny, policy: inBucket}
	policyAllows  = said{layer: resourceLayer, effect: explain.Allowed, policy: inBucket, statement: 1, sid: "PutForOtherAccountUser"}
	callerSilent  = said{layer: identityLayer, effect: explain.ImplicitDeny}
	callerAdmin   = said{layer: identityLayer, effect: explain.Allowed, policy: administrator, statement: 1}
	everything    = said{layer: identityLayer, effect: explain.Allowed, policy: "user/testuser/Everything", statement: 1}
	delegated     = said{layer: identityLayer, effect: explain.Allowed, policy: "arn:aws:iam::" + accountB + ":policy/MyS3PutObjAndAclPolicy", statement: 1, sid: "DelegateS3WriteAccess"}
	ofRole        = said{layer: identityLayer, effect: explain.Allowed, policy: "role/MyUploadRole/PutAndGet", statement: 1, sid: "WhatTheRoleMayDo"}
)

// What is suggested in several answers.
const (
	delegateInA  = accountA + " AddStatement " + identityLayer
	delegateInB  = accountB + " AddStatement " + identityLayer
	bucketPolicy = accountA + " AddStatement " + resourceLayer
	bucketGrant  = accountA + " AddGrant " + bucketACLLayer
)

func (s said) decides() said { s.decided = true; return s }

// but returns what nearly allowed, and why it did not.
func (s said) but(why string) said { s.effect, s.why = "", why; return s }

// suggests is one suggestion that opens nothing but what is asked.
func suggests(edits ...string) remedy { return remedy{edits: edits} }

func (r remedy) opening(more ...string) remedy { r.opens = more; return r }

// answers are those of the walkthrough and what decides them. The layers are in the order of evaluation.
var answers = []answer{
	{number: 1, world: everyoneWrites, who: userOfA, wish: upload, said: []said{aclToEveryone.decides(), callerSilent}, owner: canonicalA},
	{
		number: 2, world: everyoneWrites, who: testUser, wish: upload, said: []said{aclToEveryone, callerSilent.decides()},
		remedies: []remedy{suggests(delegateInB)},
	},
	{number: 3, world: everyoneWrites, who: adminOfB, wish: upload, said: []said{aclToEveryone.decides(), callerAdmin}, owner: canonicalB},
	{
		number: 4, world: accountWrites, who: testUser, wish: upload, said: []said{aclToB, callerSilent.decides()},
		remedies: []remedy{suggests(delegateInB)},
	},
	{number: 5, world: accountWrites, who: adminOfB, wish: upload, said: []said{aclToB.decides(), callerAdmin}, owner: canonicalB},
	{
		number: 6, world: accountWrites, who: userOfA, wish: readB, said: []said{objectSilent.decides(), callerSilent},
		remedies: []remedy{suggests("object AddGrant "+objectLayer, delegateInA).opening("user/awssecadmin s3:GetObject " + ofB)},
	},
	{
		// A's user has no policy: what B shares with A reaches A's administrator alone.
		number: 7, world: accountWrites, who: adminOfA, wish: readB, said: []said{objectSilent.decides(), callerAdmin},
		remedies: []remedy{suggests("object AddGrant " + objectLayer)},
	},
	{number: 8, world: accountWrites, who: adminOfA, wish: removeB, said: []said{aclSilent, callerAdmin.decides()}},
	{
		number: 9, world: policyNames, who: testUser, wish: upload, said: []said{policyAllows, aclSilent, callerSilent.decides()},
		remedies: []remedy{suggests(delegateInB)},
	},
	{
		number: 10, world: policyNames, who: adminOfB, wish: upload, said: []said{policySilent.decides(), aclSilent, callerAdmin},
		missed: []said{policyAllows.but("Principal does not name the caller")},
		remedies: []remedy{
			suggests(bucketPolicy),
			// To write to the bucket is to write where nothing is, and over what is one's own.
			suggests(bucketGrant).opening("user/awschild1admin s3:PutObject "+vacant, "user/awschild1admin s3:PutObject "+vacant+" with "+fullA),
		},
	},
	{number: 11, world: delegatesMore, who: testUser, wish: upload, said: []said{policyAllows.decides(), aclSilent, everything}, owner: canonicalB},
	{
		number: 11, world: delegatesMore, who: testUser, wish: readA, said: []said{policySilent.decides(), objectSilent, everything},
		missed: []said{policyAllows.but("Action [s3:PutObject] does not match")},
		remedies: []remedy{
			suggests(bucketPolicy),
			suggests(accountA + " AddGrant " + objectLayer).opening("user/awschild1admin s3:GetObject " + ofA),
		},
	},
	{
		number: 11, world: delegatesMore, who: testUser, wish: removeA, said: []said{policySilent.decides(), aclSilent, everything},
		missed:   []said{policyAllows.but("Action [s3:PutObject] does not match")},
		remedies: []remedy{suggests(bucketPolicy)}, // no grant on the bucket lets B remove what A wrote
	},
	{
		number: 11, world: delegatesMore, who: testUser, wish: list, said: []said{policySilent.decides(), aclSilent, everything},
		remedies: []remedy{suggests(bucketPolicy), suggests(bucketGrant).opening("user/awschild1admin s3:ListBucket")},
	},
	{
		number: 12, world: policyDemands, who: testUser, wish: upload, said: []said{policySilent.decides(), aclSilent, delegated},
		missed: []said{{layer: resourceLayer, policy: inBucket, statement: 1, sid: "AllPutForOtherAccountUser", why: "StringEquals s3:x-amz-acl"}},
		remedies: []remedy{
			suggests("caller SetKeys " + resourceLayer),
			suggests(bucketPolicy),
			suggests(bucketGrant).opening(
				"user/awschild1admin s3:PutObject "+vacant, "user/awschild1admin s3:PutObject "+vacant+" with "+fullA,
				"user/awschild1admin s3:PutObject "+upload.key, "user/awschild1admin s3:PutObject "+upload.key+" with "+fullA,
				"user/testuser s3:PutObject "+vacant,
			),
		},
	},
	{
		number: 12, world: policyDemands, who: testUser, wish: shared,
		said:  []said{{layer: resourceLayer, effect: explain.Allowed, decided: true, policy: inBucket, statement: 1, sid: "AllPutForOtherAccountUser"}, aclSilent, delegated},
		owner: canonicalB,
	},
	{
		number: 13, world: roleTrusts, who: testUser, wish: assume, said: []said{
			{layer: trustLayer, effect: explain.Allowed, decided: true, policy: uploadRole, statement: 1, sid: "TrustAccountB"},
			{layer: identityLayer, effect: explain.Allowed, policy: "user/testuser/AssumeUploadRole", statement: 1, sid: "DelegateAssumeRole"},
		},
	},
	{number: 13, world: roleTrusts, who: roleOfA, wish: upload, said: []said{aclToA, ofRole.decides()}, owner: canonicalA},
	{
		number: 13, world: roleTrusts, who: roleOfA, wish: undo, said: []said{aclToA, callerSilent.decides()},
		missed:   []said{ofRole.but("Action [s3:PutObject, s3:GetObject] does not match")},
		remedies: []remedy{suggests(delegateInA), suggests(bucketPolicy)},
	},
}
