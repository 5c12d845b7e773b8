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

	toEveryone = "WRITE to Group http://acs.amazonaws.com/groups/global/AllUsers"
	toB        = "WRITE to CanonicalUser " + canonicalB
	ofBucket   = "bucket policy of " + logs
	ofB        = "image-from-b-admin.png" // uploaded by B without an ACL
	ofA        = "image-heartin-k.png"
)

// What is asked.
var (
	upload = wish{action: "s3:PutObject", key: "upload.png"}
	shares = wish{action: "s3:PutObject", key: "upload.png", acl: "bucket-owner-full-control"}
	read   = wish{action: "s3:GetObject", key: ofB}
	remove = wish{action: "s3:DeleteObject", key: ofB}
	list   = wish{action: "s3:ListBucket"}
)

// What layers say in several answers.
var (
	nothingOfA      = said{layer: resourceLayer, effect: explain.ImplicitDeny}
	notDelegated    = said{layer: identityLayer, effect: explain.ImplicitDeny, decided: true}
	byAdministrator = said{layer: identityLayer, effect: explain.Allowed, policy: administrator, statement: 1}
)

// answers are those of the walkthrough, as it explains them.
var answers = []answer{
	{
		number: 1, world: everyoneWrites, who: userOfA, wish: upload,
		said: []said{{layer: bucketACLLayer, effect: explain.Allowed, decided: true, grant: toEveryone}},
	},
	{
		number: 2, world: everyoneWrites, who: testUser, wish: upload,
		remedies: []remedy{{edits: []string{accountB + " AddStatement " + identityLayer}}},
	},
	{number: 3, world: everyoneWrites, who: adminOfB, wish: upload},
	{number: 4, world: accountWrites, who: testUser, wish: upload, remedies: []remedy{{}}},
	{number: 5, world: accountWrites, who: adminOfB, wish: upload},
	{number: 6, world: accountWrites, who: userOfA, wish: read, remedies: []remedy{{}}},
	{number: 7, world: accountWrites, who: adminOfA, wish: read, remedies: []remedy{{}}},
	{number: 8, world: accountWrites, who: adminOfA, wish: remove},
	{number: 9, world: policyNames, who: testUser, wish: upload, remedies: []remedy{{}}},
	{number: 10, world: policyNames, who: adminOfB, wish: upload, remedies: []remedy{{}, {}}},
	{number: 11, world: delegatesMore, who: testUser, wish: upload},
	{number: 11, world: delegatesMore, who: testUser, wish: wish{action: "s3:GetObject", key: ofA}, remedies: []remedy{{}, {}}},
	{number: 11, world: delegatesMore, who: testUser, wish: wish{action: "s3:DeleteObject", key: ofA}, remedies: []remedy{{}, {}}},
	{number: 11, world: delegatesMore, who: testUser, wish: list, remedies: []remedy{{}, {}}},
	{number: 12, world: policyDemands, who: testUser, wish: upload, remedies: []remedy{{}, {}, {}}},
	{number: 12, world: policyDemands, who: testUser, wish: shares},
	{number: 13, world: roleTrusts, who: testUser, wish: wish{action: "sts:AssumeRole"}},
	{number: 13, world: roleTrusts, who: roleOfA, wish: upload},
	{number: 13, world: roleTrusts, who: roleOfA, wish: wish{action: "s3:DeleteObject", key: "by-role.png"}, remedies: []remedy{{}, {}}},
}
