package acl

// Written is a grant as the SDKs and the AWS CLI write it: Type is CanonicalUser with ID, or Group with URI, or
// AmazonCustomerByEmail with EmailAddress, which is refused. Members that are empty are not there.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Grant.html
type Written struct{ Type, ID, URI, EmailAddress, Permission string }

// FromMembers returns the ACL of the members of an AccessControlPolicy, as ParseXML does of the document that an SDK
// would make of them.
func FromMembers(owner string, grants []Written) (ACL, error) {
	leaf := func(name, text string) element { return element{name: name, text: text} }
	list := element{name: "AccessControlList"}
	for _, g := range grants {
		grantee := element{name: "Grantee", xsiType: g.Type}
		for _, member := range []element{leaf("ID", g.ID), leaf("URI", g.URI), leaf("EmailAddress", g.EmailAddress)} {
			if member.text != "" {
				grantee.children = append(grantee.children, member)
			}
		}
		list.children = append(list.children, element{name: "Grant", children: []element{grantee, leaf("Permission", g.Permission)}})
	}
	root := element{name: "AccessControlPolicy", children: []element{{name: "Owner", children: []element{leaf("ID", owner)}}, list}}
	return fromTree(&root)
}
