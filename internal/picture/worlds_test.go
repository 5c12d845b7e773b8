package picture

import (
	"fmt"
	"math/rand/v2"
)

const (
	accountA = "111111111111"
	accountB = "380701114427"
)

// walkthrough is the world of the walkthrough, with everything that it grants at once.
func walkthrough() *Map {
	return &Map{
		Title: "Who can reach awsseccookbook",
		Houses: []House{
			{ID: accountA, Name: "awssec", Organization: "o-exampleorgid / Security", Rooms: []Room{
				{ID: "arn:aws:iam::111111111111:root", Name: "root", Kind: Root},
				{ID: "arn:aws:iam::111111111111:user/awssecadmin", Name: "awssecadmin", Detail: "AdministratorAccess", Kind: User},
				{ID: "arn:aws:iam::111111111111:role/uploader", Name: "uploader", Kind: Role},
				{ID: "arn:aws:s3:::awsseccookbook", Name: "awsseccookbook", Kind: Bucket},
			}},
			{ID: accountB, Name: "awschild1", Organization: "o-exampleorgid / Workloads", Rooms: []Room{
				{ID: "arn:aws:iam::380701114427:user/awschild1admin", Name: "awschild1admin", Detail: "AdministratorAccess", Kind: User},
				{ID: "arn:aws:iam::380701114427:user/testuser", Name: "testuser", Detail: "in testusergroup", Kind: User},
			}},
		},
		Arrows: []Arrow{
			{From: "arn:aws:iam::111111111111:root", To: "arn:aws:s3:::awsseccookbook", Access: Administer, Label: "everything", By: "owner"},
			{From: "arn:aws:iam::111111111111:user/awssecadmin", To: "arn:aws:s3:::awsseccookbook", Access: Administer, Label: "everything", By: "AdministratorAccess"},
			{From: "arn:aws:iam::111111111111:role/uploader", To: "arn:aws:s3:::awsseccookbook", Access: Write, Label: "write", By: "uploads"},
			{From: "arn:aws:iam::380701114427:user/awschild1admin", To: "arn:aws:s3:::awsseccookbook", Access: Write, Label: "write", By: "ACL of awsseccookbook"},
			{From: "arn:aws:iam::380701114427:user/testuser", To: "arn:aws:s3:::awsseccookbook", Access: Write, Label: "write",
				Conditions: []string{"if s3:x-amz-acl is bucket-owner-full-control"}, By: "bucket policy of awsseccookbook, statement AllPutForOtherAccountUser; MyS3PutObjAndAclPolicy"},
			{From: "arn:aws:iam::380701114427:user/testuser", To: "arn:aws:s3:::awsseccookbook", Access: Write, Label: "write ACLs", Possible: true, By: "MyS3PutObjAndAclPolicy"},
			{From: "arn:aws:iam::380701114427:user/testuser", To: "arn:aws:iam::111111111111:role/uploader", Access: Assume, Label: "assume", By: "trust policy of uploader"},
		},
	}
}

// random is a world of so many accounts and, between accounts, so many arrows, a quarter of which lead to the
// first account; the same for the same numbers.
func random(accounts, arrows int) *Map {
	r := rand.New(rand.NewPCG(uint64(accounts), uint64(arrows)))
	m := &Map{}
	var principals, buckets, roles []string
	for i := range accounts {
		h := House{ID: fmt.Sprintf("%012d", 100000000000+i*7654321), Name: []string{"logs", "security", "shop", "data", "web", "build"}[i%6] + fmt.Sprintf("-%02d", i), Organization: fmt.Sprintf("o-exampleorg%d / unit %d", i%2, i%4)}
		add := func(kind Kind, name string, to *[]string) {
			id := fmt.Sprintf("arn:aws:x::%s:%s/%s", h.ID, kind, name)
			h.Rooms = append(h.Rooms, Room{ID: id, Name: name, Kind: kind})
			*to = append(*to, id)
		}
		add(Root, "root", &principals)
		for j := range 1 + r.IntN(4) {
			add(User, []string{"ann", "bob", "carol", "deployment-pipeline"}[j], &principals)
		}
		for j := range 1 + r.IntN(2) {
			add(Role, []string{"Reader", "OrganizationAccountAccessRole"}[j], &roles)
		}
		for j := range r.IntN(3) + 1 {
			add(Bucket, fmt.Sprintf("%s-%s", h.Name, []string{"logs", "assets", "backup-of-everything"}[j]), &buckets)
		}
		m.Houses = append(m.Houses, h)
	}
	principals = append(principals, roles...)
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	for i := range arrows {
		a := Arrow{From: pick(principals), To: pick(buckets), Access: Accesses[r.IntN(4)], By: fmt.Sprintf("bucket policy, statement Share%d", i)}
		a.Label = map[Access]string{Read: "read, list", Write: "write", Administer: "write policy", Assume: "assume"}[a.Access]
		switch {
		case a.Access == Assume:
			a.To = pick(roles)
		case i%4 == 0:
			a.To = buckets[0]
		}
		if r.IntN(3) == 0 {
			a.Conditions = []string{[]string{"over TLS", "if s3:x-amz-acl is bucket-owner-full-control", "from 10.0.0.0/8"}[r.IntN(3)], "from organization o-exampleorg0"}[:1+r.IntN(2)]
		}
		a.Denied, a.Possible = r.IntN(9) == 0, r.IntN(9) == 0
		m.Arrows = append(m.Arrows, a)
	}
	return m
}

// withOutside adds everyone, who may read the first bucket.
func withOutside(m *Map) *Map {
	m.Houses = append(m.Houses, House{ID: "outside", Name: "Outside every account", Outside: true, Rooms: []Room{{ID: "*", Name: "everyone", Detail: "also anonymous", Kind: Everyone}}})
	for _, r := range m.Houses[0].Rooms {
		if r.Kind == Bucket {
			m.Arrows = append(m.Arrows, Arrow{From: "*", To: r.ID, Access: Read, Label: "read", By: "bucket policy, statement Public"})
		}
	}
	return m
}

// anything is a world with arrows between any two rooms, also from a room to itself and from a bucket to a role.
func anything(accounts, arrows int) *Map {
	m := random(accounts, 0)
	r := rand.New(rand.NewPCG(uint64(accounts), uint64(arrows)))
	room := func() string {
		rooms := m.Houses[r.IntN(len(m.Houses))].Rooms
		return rooms[r.IntN(len(rooms))].ID
	}
	for range arrows {
		m.Arrows = append(m.Arrows, Arrow{From: room(), To: room(), Access: Accesses[r.IntN(4)], Label: "a label that is long, and does not end before it has to",
			Conditions: []string{"one", "two", "three"}[:r.IntN(4)], Denied: r.IntN(5) == 0, Possible: r.IntN(5) == 0})
	}
	return m
}
