package why

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"crossgrant/internal/console/page"
	"crossgrant/internal/picture"
	"crossgrant/internal/reach"
	"crossgrant/internal/reachmap"
)

// listAccess is the input of ListAccess.
type listAccess struct {
	Bucket    string `json:",omitempty"`
	Prefix    string `json:",omitempty"`
	Key       string `json:",omitempty"`
	Principal string `json:",omitempty"`
	Action    string `json:",omitempty"`
}

// mapPage is the page: a question, the answers to which are loaded after it.
type mapPage struct {
	Bucket, Principal, Action string
	Paths                     string
}

// asked reads the question of a page or part. A bucket may be followed by a prefix or key.
func asked(v *page.Visit) listAccess {
	in := listAccess{Principal: strings.TrimSpace(v.Query("principal")), Action: strings.TrimSpace(v.Query("action"))}
	bucket, rest, deep := strings.Cut(strings.TrimSpace(v.Query("bucket")), "/")
	in.Bucket = bucket
	switch {
	case deep && (rest == "" || strings.HasSuffix(rest, "/")):
		in.Prefix = rest
	case deep:
		in.Key = rest
	}
	return in
}

func showMap(_ context.Context, v *page.Visit) (*page.View, error) {
	p := mapPage{Bucket: strings.TrimSpace(v.Query("bucket")), Principal: strings.TrimSpace(v.Query("principal")), Action: strings.TrimSpace(v.Query("action"))}
	pairs := []string{"bucket", p.Bucket, "principal", p.Principal, "action", p.Action}
	p.Paths = page.Query("/why/map/paths", pairs...)
	return &page.View{Title: "Access map", Template: "why-map", Data: &p}, nil
}

// reached asks who can reach what. The API answers about a bucket or about a principal: asked about both, it is asked
// about the principal, and what does not lead to the bucket is left out.
func reached(ctx context.Context, v *page.Visit) (*reach.Result, error) {
	in := asked(v)
	bucket := in.Bucket
	if in.Principal != "" {
		in.Bucket, in.Prefix, in.Key = "", "", ""
	}
	var r reach.Result
	if err := v.AWS.Ask(ctx, "ListAccess", &in, &r); err != nil {
		return nil, err
	}
	if bucket != "" && in.Principal != "" {
		only(&r, "arn:aws:s3:::"+bucket)
	}
	return &r, nil
}

// only leaves in an answer the paths to a target, and who they begin at.
func only(r *reach.Result, target string) {
	from := map[string]bool{}
	r.Paths = slices.DeleteFunc(r.Paths, func(p reach.Path) bool { return p.Target != target })
	for i := range r.Paths {
		from[r.Paths[i].Principal] = true
	}
	r.Targets = slices.DeleteFunc(r.Targets, func(t reach.Target) bool { return t.ARN != target })
	r.Principals = slices.DeleteFunc(r.Principals, func(p reach.Principal) bool { return !from[p.ID] })
}

func showPicture(ctx context.Context, v *page.Visit) (*page.View, error) {
	r, err := reached(ctx, v)
	if err != nil {
		return nil, err
	}
	drawn, err := drawMap(r, v.Account())
	if err != nil {
		return nil, err
	}
	return &page.View{Raw: &page.Raw{Type: "image/svg+xml", Body: drawn, Picture: true}}, nil
}

// drawMap draws an answer for an account.
func drawMap(r *reach.Result, account string) ([]byte, error) {
	m := reachmap.Of(r)
	links{account}.lead(m)
	return picture.SVG(m)
}

// drawnSize finds the size of a picture in its first element.
var drawnSize = regexp.MustCompile(`<svg[^>]* width="([0-9]+)" height="([0-9]+)"`)

// pageWidth is how wide a picture may be that is shown in full size; a wider one is shown smaller, and still beyond the
// edge if it is far wider.
const pageWidth = 1050

// frame sets the size in which the picture of an answer is shown.
func (l *pathList) frame(r *reach.Result, account string) error {
	drawn, err := drawMap(r, account)
	if err != nil {
		return err
	}
	found := drawnSize.FindSubmatch(drawn[:min(len(drawn), 1000)])
	if found == nil {
		return nil // it is shown by its address only
	}
	l.Width, _ = strconv.Atoi(string(found[1]))
	l.Height, _ = strconv.Atoi(string(found[2]))
	l.Smaller = l.Width > pageWidth
	return nil
}

// pathsPerPage is how many paths are listed at once.
const pathsPerPage = 100

// pathList is the part that lists paths.
type pathList struct {
	Groups     []pathGroup
	Total      int
	Cut        []string
	Next       string
	From, To   int
	Principals int
	Targets    int
	// Picture is the address of the picture, Width and Height the size of its frame; 0: it is not shown.
	Picture       string
	Width, Height int
	// Smaller says that the picture is shown smaller than it is.
	Smaller bool
	// Whole says that it is a page of its own.
	Whole bool
}

// pathGroup is the paths of one principal.
type pathGroup struct {
	Principal reach.Principal
	Name, To  string
	Paths     []shownPath
	// Open says that the paths are shown at once.
	Open bool
}

// Reached names what the paths lead to, each once.
func (g *pathGroup) Reached() string {
	var names []string
	for i := range g.Paths {
		if name := g.Paths[i].Target.Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 6 {
		return strings.Join(names[:6], ", ") + fmt.Sprintf(" and %d more", len(names)-6)
	}
	return strings.Join(names, ", ")
}

// shownPath is a path with where it leads.
type shownPath struct {
	*reach.Path
	Target   reach.Target
	TargetTo string
	AskURL   string
}

// Conditional reports whether something remains that has to hold.
func (p *shownPath) Conditional() bool {
	return len(p.Conditions) > 0 || len(p.Limits) > 0 || p.RequesterPays
}

func showPaths(ctx context.Context, v *page.Visit) (*page.View, error) {
	r, err := reached(ctx, v)
	if err != nil {
		return nil, err
	}
	list := pathList{Total: len(r.Paths), Cut: r.Cut, Principals: len(r.Principals), Targets: len(r.Targets), Whole: !v.Part()}
	from, _ := strconv.Atoi(v.Query("from"))
	from = min(max(from, 0), len(r.Paths))
	to := min(from+pathsPerPage, len(r.Paths))
	list.From, list.To = from+1, to
	l := links{v.Account()}
	narrowed := r.Question.Bucket != "" || r.Question.Principal != ""
	principals, targets := map[string]reach.Principal{}, map[string]reach.Target{}
	for _, p := range r.Principals {
		principals[p.ID] = p
	}
	for _, t := range r.Targets {
		targets[t.ARN] = t
	}
	for i := from; i < to; i++ {
		p := &r.Paths[i]
		if n := len(list.Groups); n == 0 || list.Groups[n-1].Principal.ID != p.Principal {
			who := principals[p.Principal]
			list.Groups = append(list.Groups, pathGroup{Principal: who, Name: nameOf(&who, v.Account()), To: l.principal(who.ID), Open: narrowed})
		}
		t := targets[p.Target]
		g := &list.Groups[len(list.Groups)-1]
		g.Paths = append(g.Paths, shownPath{Path: p, Target: t, TargetTo: l.resource(t.ARN, string(t.Account) == v.Account()), AskURL: questionOf(&g.Principal, p)})
	}
	pairs := []string{"bucket", v.Query("bucket"), "principal", v.Query("principal"), "action", v.Query("action")}
	if from == 0 && len(r.Paths) > 0 {
		list.Picture = page.Query("/why/map/picture", pairs...)
		if err := list.frame(r, v.Account()); err != nil {
			return nil, err
		}
	}
	if to < len(r.Paths) {
		list.Next = page.Query("/why/map/paths", append(pairs, "from", strconv.Itoa(to))...)
	}
	return &page.View{Title: "Access paths", Template: "why-paths", Data: &list, Bare: v.Part(), Crumbs: []page.Crumb{{Text: "Access map", To: "/why/map"}, {Text: "Paths"}}}, nil
}

// questionOf is the question that the witness of a path answers; empty if it has none, or its principal is a symbol.
func questionOf(p *reach.Principal, path *reach.Path) string {
	switch p.Kind {
	case reach.User, reach.Root, reach.Session, reach.Anonymous, reach.Role:
	default:
		return ""
	}
	if path.Witness == nil {
		return ""
	}
	var keys []contextKey
	for name, values := range path.Witness.Context {
		keys = append(keys, contextKey{name, strings.Join(values, ",")})
	}
	return askURL(p.ID, path.Witness.Action, path.Witness.Resource, keys)
}

// nameOf says who a principal is.
func nameOf(p *reach.Principal, account string) string {
	switch p.Kind {
	case reach.Anonymous:
		return "Everyone, without signing"
	case reach.AnyAccount:
		return "Any principal of any other account that its own policies let"
	case reach.AnyOfAccount:
		if p.Account == "" {
			return "Any principal of the account with this canonical user ID that its own policies let"
		}
		if string(p.Account) == account {
			return "Any principal of this account that its own policies let"
		}
		return "Any principal of account " + string(p.Account) + " that its own policies let"
	case reach.Root:
		return "Root user of account " + string(p.Account)
	case reach.User:
		return "User " + p.Name
	case reach.Role:
		return "Role " + p.Name
	case reach.Session:
		return "Session " + p.Name
	case reach.Service:
		return "Service"
	case reach.Provider:
		return "Whom an identity provider vouches for"
	case reach.FederatedUser:
		return "Federated user"
	default:
		return "Principal"
	}
}
