package why

import (
	"crossgrant/internal/console/page"
	"crossgrant/internal/picture"
)

// lead makes the houses and rooms of a picture lead to the pages of what they are: of this account to its users, roles and
// buckets, of others to the paths from or to them.
func (l links) lead(m *picture.Map) {
	for i := range m.Houses {
		h := &m.Houses[i]
		for j := range h.Rooms {
			r := &h.Rooms[j]
			switch {
			case r.Kind == picture.Bucket:
				r.Href = l.resource(r.ID, h.ID == l.account)
			default:
				r.Href = l.principal(r.ID)
			}
			if r.Href == "" && r.Kind != picture.Bucket {
				r.Href = page.Query("/why/map", "principal", r.ID)
			}
		}
	}
}
